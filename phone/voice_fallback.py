"""The fallback of a call: tries the step that failed once more, or apologizes."""

from urllib.parse import urlsplit

from flask import Blueprint

from phone import voice_twiml
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import verified_only

bp = Blueprint("voice_fallback", __name__)

HTTP_ERRORS = "112"  # how Twilio's error codes for failed requests begin; a request may succeed when it is repeated
RETRIED = "retried=1"  # in the URL of a step that the fallback has requested


@verified_only(bp, "/voice/fallback")
def call_fallback(delivery: Delivery) -> StoredResponse:
    """Twilio received no valid document from us: try the failed step once more, or apologize. Needs no store.

    `ErrorUrl` is the failed step's URL. If the step was processed and only its response was lost, the caller gets that
    response. If a key or words were lost, the caller hears the menu again. If the second try fails too, Twilio may
    apologize in its own words instead of requesting this URL again.
    """
    step = urlsplit(delivery["ErrorUrl"])
    is_step = step.path == "/voice" or step.path.startswith("/voice/")
    if is_step and delivery["ErrorCode"].startswith(HTTP_ERRORS) and RETRIED not in step.query:
        query = "&".join(part for part in (step.query, RETRIED) if part)
        return StoredResponse(voice_twiml.redirect("One moment, please.", f"{step.path}?{query}"))
    return StoredResponse(
        voice_twiml.goodbye("Sorry, something went wrong on our side. Please call again in a minute. Goodbye.")
    )
