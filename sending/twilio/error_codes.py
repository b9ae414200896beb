"""Twilio's error codes, and errors of the connection to Twilio: https://www.twilio.com/docs/api/errors."""

import requests

CALL_NOT_IN_PROGRESS = 21220
NOT_FOUND = 20404
UNSUBSCRIBED_RECIPIENT = 21610
LOOP_SUSPECTED = "14107"  # too many texts between two numbers; affects nobody else

# Seconds until the next try, by error code. The REST API returns some of these; others arrive in a status callback.
RETRY_SECONDS = {
    "20429": 2,  # too many concurrent requests; Twilio has not acted
    "21611": 60,  # the sender's queue is full
    "30001": 60,  # a messaging service's queue is full
    "30022": 60,  # the carrier's rate limit: https://www.twilio.com/docs/api/errors/30022
    "63018": 60,  # the channel's rate limit
    "63038": 600,  # the account's daily limit: https://www.twilio.com/docs/api/errors/63038
    LOOP_SUSPECTED: 30,
}
HTTP_TOO_MANY_REQUESTS = 429
NEVER_SENT = ("NewConnectionError", "NameResolutionError")  # of urllib3; the `requests` library wraps them
CONNECTION_ERRORS = (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError)


def retry_seconds(code: str | int | None, status: int = 0) -> int:
    """Return how many seconds to wait before the next try, or 0 if another try would fail in the same way."""
    return RETRY_SECONDS.get(str(code), RETRY_SECONDS["20429"] if status == HTTP_TOO_MANY_REQUESTS else 0)


def was_never_sent(error: Exception) -> bool:
    """Return whether no connection was made, in which case Twilio cannot have acted."""
    return isinstance(error, requests.exceptions.ConnectTimeout) or any(name in repr(error) for name in NEVER_SENT)
