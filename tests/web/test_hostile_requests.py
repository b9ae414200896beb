"""Hostile and unusual requests cause no 500, traceback or hang. `python -m bench hostile_requests` sends 20,000."""

from importlib.util import find_spec

import pytest

from bench.hostile_requests import run
from tests.support.processes import needs


@pytest.mark.parametrize("parser", ["python", "fast"])
def test_hostile_requests_do_no_harm(store, tmp_path, parser):
    needs(parser == "python" or find_spec("gunicorn_h1c"), "gunicorn's compiled parser: pip install gunicorn_h1c")
    report = run(tmp_path, store.port, 600, parser)
    assert not report.failures, report.failures[0]
    assert len({status for _, status in report.statuses}) > 10  # the requests reach many parts of the app
    assert report.log_bytes < 100_000
