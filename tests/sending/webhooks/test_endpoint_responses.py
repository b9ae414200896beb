"""The meaning of each status and of each connection error."""

import pytest

from sending.webhooks import endpoint_responses


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([200, 201, 204, 299], "delivered"),
        ([301, 302, 303, 307, 308, 304], "retry"),
        ([400, 401, 403, 404, 405, 408, 413, 415, 422, 425, 500, 501, 599, 102, 999], "retry"),
        ([410], "retry"),
        ([429, 502, 503, 504], "back_off"),
    ],
)
def test_outcome_of_each_status(statuses, verdict):
    assert {endpoint_responses.classify_status(status).verdict for status in statuses} == {verdict}


def test_only_410_disables():
    assert [status for status in range(100, 1000) if endpoint_responses.classify_status(status).disables_endpoint] == [
        410
    ]


@pytest.mark.parametrize("cause", ["dns", "connect", "tls", "timeout", "too large", "protocol"])
def test_connection_errors_are_retried(cause):
    assert endpoint_responses.classify_cause(cause).verdict == "retry"


def test_blocked_address_is_not_retried():
    assert endpoint_responses.classify_cause("blocked").disables_endpoint
