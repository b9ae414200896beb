"""The fallback of a call: what Twilio requests when it received no valid document from us."""

import time
from urllib.parse import urlsplit

from flask import Blueprint
from redis.exceptions import RedisError

from context import store
from phone import line_calls as line_calls
from phone.twiml import voice_twiml
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import verified_only

bp = Blueprint("voice_fallback", __name__)

HTTP_ERRORS = "112"  # how Twilio's error codes for failed requests begin; a request may succeed when it is repeated
FALLBACK_SECONDS, RETRY_SECONDS = 8.0, 0.5  # the last attempt may take a few seconds more; Twilio waits 15 in total
RETRIED = "retried=1"  # in the URL of a step that the fallback has requested


@verified_only(bp, "/voice/fallback")
def call_fallback(delivery: Delivery) -> StoredResponse:
    """Twilio received no valid document from us: try the failed step once more, or apologize if that cannot work.

    `ErrorUrl` is the failed step's URL. If the step was processed and only its response was lost, the caller gets that
    response. If a key or words were lost, the caller hears the menu again.
    """
    step = urlsplit(delivery["ErrorUrl"])
    is_step = step.path == "/voice" or step.path.startswith("/voice/")
    is_retryable = is_step and delivery["ErrorCode"].startswith(HTTP_ERRORS) and RETRIED not in step.query
    if is_retryable and _wait_for_store():  # Twilio requests the fallback only once, so a second failure ends the call
        query = "&".join(part for part in (step.query, RETRIED) if part)
        return StoredResponse(voice_twiml.redirect("One moment, please.", f"{step.path}?{query}"))
    return StoredResponse(
        voice_twiml.goodbye("Sorry, something went wrong on our side. Please call again in a minute. Goodbye.")
    )


def _wait_for_store() -> bool:
    """Return whether the store responds now or within a few seconds: an outage may be about to end."""
    until = time.monotonic() + FALLBACK_SECONDS
    while True:
        try:
            return bool(store().execute_command("PING"))
        except RedisError:
            if time.monotonic() > until:
                return False
            time.sleep(RETRY_SECONDS)
