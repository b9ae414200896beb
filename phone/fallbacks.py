"""The fallback URLs, which Twilio requests if it gets no valid response from us to a text or during a call."""

import logging
import time
from urllib.parse import SplitResult, urlsplit

from flask import Blueprint
from redis.exceptions import RedisError
from werkzeug.exceptions import ServiceUnavailable

from context import store
from phone.sms import message_response, reads_of_text, receive_text, text_key, undo_reads
from phone.twiml import basic_documents
from receiving.delivery import Delivery
from receiving.idempotency import StoredResponse
from receiving.receiver import handle, verified_only, with_lease
from receiving.rejection_reasons import RejectedRequest
from store.outages import OUTAGE

bp = Blueprint("fallbacks", __name__)
log = logging.getLogger(__name__)

FALLBACK_SECONDS, RETRY_SECONDS = 8.0, 0.5  # the last attempt may take a few seconds more; Twilio waits 15 in total
TROUBLE = "We are having trouble at the moment. If you get no answer within two minutes, please text again."
HTTP_ERRORS = "112"  # the prefix of Twilio's error codes for failed HTTP requests, which may succeed when repeated
RETRIED = "retried=1"  # marks the URL of a step that the fallback has redirected to


@verified_only(bp, "/sms/fallback")
def text_fallback(delivery: Delivery) -> StoredResponse:
    """Twilio received no valid response from /sms: reply as /sms would have, unless that fails too.

    Retries for several seconds, because an outage may be about to end. The answer may already be on its way, so TROUBLE
    must be true in that case as well.
    """
    until = time.monotonic() + FALLBACK_SECONDS
    receive_once = with_lease(text_key, receive_text, reads_of_text, undo_reads)
    try:
        while True:
            try:
                return handle(delivery, receive_once)
            except (*OUTAGE, ServiceUnavailable):
                if time.monotonic() > until:
                    raise
                time.sleep(RETRY_SECONDS)
    except RejectedRequest:
        raise
    except Exception as error:  # /sms has logged its own traceback
        log.error("The fallback for a text failed too: %s: %s", type(error).__name__, error)
        return message_response(TROUBLE)


@verified_only(bp, "/voice/fallback")
def call_fallback(delivery: Delivery) -> StoredResponse:
    """Twilio received no valid document from us: try the failed step once more, or apologize if that cannot work.

    `ErrorUrl` is the failed step's URL. If the step was processed and only its response was lost, the caller gets that
    response. If a key or words were lost, the caller hears the menu again.
    """
    step = _split_url(delivery["ErrorUrl"])
    is_step = step.path == "/voice" or step.path.startswith("/voice/")
    is_retryable = is_step and delivery["ErrorCode"].startswith(HTTP_ERRORS) and RETRIED not in step.query
    if is_retryable and _wait_for_store():  # Twilio requests the fallback only once, so a second failure ends the call
        query = "&".join(part for part in (step.query, RETRIED) if part)
        return StoredResponse(basic_documents.redirect("One moment, please.", f"{step.path}?{query}"))
    return StoredResponse(
        basic_documents.goodbye("Sorry, something went wrong on our side. Please call again in a minute. Goodbye.")
    )


def _split_url(url: str) -> SplitResult:
    """Return the parts of this URL; empty parts if it is malformed."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


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
