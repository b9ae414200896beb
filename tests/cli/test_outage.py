"""The commands while the store does not respond."""

import dataclasses

import pytest

from app import create_app


@pytest.mark.parametrize("words", ["backfill", "endpoints list", "reencrypt", "replay --since 1h", "show export"])
def test_an_outage_of_the_store_is_one_line_and_no_traceback(words, settings):
    app = create_app(dataclasses.replace(settings, redis_url="redis://127.0.0.1:1"))
    result = app.test_cli_runner().invoke(args=words.split())
    assert isinstance(result.exception, SystemExit), result.output
    assert result.exit_code == 1
    assert "Error: The store at REDIS_URL cannot be used: " in result.stderr
