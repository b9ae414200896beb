"""The door: verify, claim, answer. The one road every webhook of Twilio's takes; other providers' share its parts."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, request

import events
import store_batching
from config import Settings
from masking import mask_all
from receiving import idempotency, inbox, late_reply, replay_marker, twilio
from receiving.delivery import Delivery, from_request
from receiving.diagnosis.mistakes import Mistake
from receiving.diagnosis.provider import TOO_MANY, TokenBucket
from receiving.diagnosis.twilio import explain
from receiving.errors import InvalidSignature, RejectedRequest
from receiving.idempotency import StoredResponse
from store import new_pipeline

log = logging.getLogger(__name__)
diagnosis_budget = TokenBucket()

Verify = Callable[[Delivery], None]
"""Raises RejectedRequest for a delivery that is not what it says."""

Key = Callable[[Delivery], str]
"""What makes two deliveries the same one; it becomes the name of the claim."""


@dataclass(frozen=True)
class WebhookContext:
    """What a handler gets: the delivery, the store to read from, and the pipeline that takes everything it writes."""

    delivery: Delivery
    redis: Any
    pipe: Any


Handler = Callable[[WebhookContext], StoredResponse]
"""Answers one delivery. Whatever it wants to change goes on `visit.pipe`, and happens together with the reply."""


def webhook(room: Blueprint, path: str, key: Key) -> Callable[[Handler], Handler]:
    """Put a handler behind the door at this address, for POST and GET."""

    def register(handler: Handler) -> Handler:
        def view() -> Response:
            return to_flask_response(receive(read_request(twilio.MAX_BODY_BYTES), _verify_twilio, key, handler))

        room.add_url_rule(path, handler.__name__, view, methods=["POST", "GET"], strict_slashes=False)
        return handler

    return register


def verified_only(
    room: Blueprint, path: str
) -> Callable[[Callable[[Delivery], StoredResponse]], Callable[[Delivery], StoredResponse]]:
    """A door for answers that must come even when the store is down: verified, not claimed, and nothing is written."""

    def register(handler: Callable[[Delivery], StoredResponse]) -> Callable[[Delivery], StoredResponse]:
        def view() -> Response:
            delivery = read_request(twilio.MAX_BODY_BYTES)
            _verify_twilio(delivery)
            return to_flask_response(handler(delivery))

        room.add_url_rule(path, handler.__name__, view, methods=["POST", "GET"], strict_slashes=False)
        return handler

    return register


def receive(delivery: Delivery, verify: Verify, key: Key, handler: Handler) -> StoredResponse:
    """The whole road of one delivery. Raises RejectedRequest, StillRunning, or what the handler raises."""
    redis = current_app.extensions["redis"]
    verify(delivery)
    pipe = new_pipeline(redis)
    inbox.save(pipe, delivery)
    claim = idempotency.add_claim(pipe, replay_marker.claim_key(delivery, key(delivery)))
    stored = idempotency.wait_for_response(
        redis, claim, store_batching.execute(redis, [words for words, _ in pipe.command_stack])[-1]
    )
    if stored is not None:
        report_duplicate(redis, delivery, delivery["CallSid"] or delivery["MessageSid"])
        return stored
    return _run_handler(WebhookContext(delivery, redis, new_pipeline(redis)), claim, handler)


def report_duplicate(redis: Any, delivery: Delivery, story: str = "") -> None:
    """Nothing of this delivery is new: the stage is told and, when we brought it ourselves, whoever wanted that."""
    events.publish(redis, "delivery.duplicate", story, address=delivery.redacted_path)
    if delivery.replay_mark:
        g.replay_mark = replay_marker.DUPLICATE


def _run_handler(visit: WebhookContext, claim: idempotency.Claim, handler: Handler) -> StoredResponse:
    try:
        reply = handler(visit)
        if replay_marker.replay_mode(visit.delivery) == replay_marker.BACKFILLED:
            late_reply.plan_late_reply(visit.pipe, visit.delivery, reply)
        finished = idempotency.complete(visit.redis, visit.pipe, claim, reply)
    except Exception:
        idempotency.release(visit.redis, claim)
        raise
    if finished:
        return reply
    found = visit.redis.get(claim.key)  # our lease ended; whoever took over has the say
    return idempotency.wait_for_response(visit.redis, claim, found) or reply


def _verify_twilio(delivery: Delivery) -> None:
    twilio.verify(delivery, settings())


def read_request(limit: int) -> Delivery:
    """The request as it came, and whole. 413 when its body has more than `limit` bytes: most are not even read."""
    ours = settings()
    request.max_content_length = limit
    body, told = request.get_data(), request.content_length
    if told is None and len(body) >= limit:
        abort(413)  # sent in chunks, so its length was not told; Werkzeug stops at the limit and says nothing
    if told is not None and len(body) < told:
        abort(400, "The body ended before its Content-Length.")
    delivery = from_request(request.environ, body, ours.public_url, ours.trusted_proxies)
    if replay_marker.HEADER not in delivery.headers:
        return delivery
    delivery = replay_marker.verify_mark(delivery, ours.secret_key)
    if delivery.replay_mark:
        g.replay_mark = replay_marker.DONE
    return delivery


def settings() -> Settings:
    """This app's settings."""
    return current_app.extensions["settings"]


def to_flask_response(reply: StoredResponse) -> Response:
    """The reply as Flask sends it; what we brought ourselves is also told whether it was news."""
    answer = Response(reply.body, reply.status, content_type=reply.content_type)
    if "replay_mark" in g:
        answer.headers[replay_marker.HEADER] = g.replay_mark
    return answer


def reject_twilio(refusal: InvalidSignature) -> Response:
    """Turn away what Twilio did not sign."""
    delivery = read_request(twilio.MAX_BODY_BYTES)
    return reject(delivery, refusal, lambda: explain(delivery, settings()))


def reject(delivery: Delivery, refusal: RejectedRequest, look: Callable[[], Mistake]) -> Response:
    """One plain sentence for the sender; the likely mistake, where there is time to look, for our log and presenter."""
    why = look() if diagnosis_budget.acquire() else TOO_MANY
    address = mask_all(delivery.redacted_path)
    log.warning("RejectedRequest %s %s: %s", delivery.method, address, why)
    try:
        redis = current_app.extensions["redis"]
        inbox.save_rejected(redis, delivery, why)
        events.publish(redis, "delivery.rejected", address=address[:100], reason=str(refusal))
    except Exception:
        log.exception("The refusal could not be kept")
    return Response(f"{refusal}\n", refusal.status, refusal.headers(), content_type="text/plain; charset=utf-8")
