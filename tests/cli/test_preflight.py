"""`flask preflight`."""

import pytest


@pytest.mark.parametrize("people", ["0", "-5"])
def test_an_audience_of_nobody_is_refused(app, people):
    result = app.test_cli_runner().invoke(args=["preflight", f"--people={people}"])
    assert result.exit_code == 2
    assert "--people" in result.stderr
