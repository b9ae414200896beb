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
from receiving.diagnosis.provider import TOO_MANY, Glances
from receiving.diagnosis.twilio import explain
from receiving.errors import BadSignature, Refused
from receiving.idempotency import Reply
from store import collect

log = logging.getLogger(__name__)
glances = Glances()

Verify = Callable[[Delivery], None]
"""Raises Refused for a delivery that is not what it says."""

Key = Callable[[Delivery], str]
"""What makes two deliveries the same one; it becomes the name of the claim."""


@dataclass(frozen=True)
class Visit:
    """What a handler gets: the delivery, the store to read from, and the pipeline that takes everything it writes."""

    delivery: Delivery
    redis: Any
    pipe: Any


Handler = Callable[[Visit], Reply]
"""Answers one delivery. Whatever it wants to change goes on `visit.pipe`, and happens together with the reply."""


def webhook(room: Blueprint, path: str, key: Key) -> Callable[[Handler], Handler]:
    """Put a handler behind the door at this address, for POST and GET."""

    def register(handler: Handler) -> Handler:
        def view() -> Response:
            return response(admit(read_request(twilio.LIMIT), _by_twilio, key, handler))

        room.add_url_rule(path, handler.__name__, view, methods=["POST", "GET"], strict_slashes=False)
        return handler

    return register


def signed(room: Blueprint, path: str) -> Callable[[Callable[[Delivery], Reply]], Callable[[Delivery], Reply]]:
    """A door for answers that must come even when the store is down: verified, not claimed, and nothing is written."""

    def register(handler: Callable[[Delivery], Reply]) -> Callable[[Delivery], Reply]:
        def view() -> Response:
            delivery = read_request(twilio.LIMIT)
            _by_twilio(delivery)
            return response(handler(delivery))

        room.add_url_rule(path, handler.__name__, view, methods=["POST", "GET"], strict_slashes=False)
        return handler

    return register


def admit(delivery: Delivery, verify: Verify, key: Key, handler: Handler) -> Reply:
    """The whole road of one delivery. Raises Refused, StillRunning, or what the handler raises."""
    redis = current_app.extensions["redis"]
    verify(delivery)
    pipe = collect(redis)
    inbox.keep(pipe, delivery)
    claim = idempotency.ask(pipe, replay_marker.claim_of(delivery, key(delivery)))
    stored = idempotency.settle(
        redis, claim, store_batching.send(redis, [words for words, _ in pipe.command_stack])[-1]
    )
    if stored is not None:
        repeated(redis, delivery, delivery["CallSid"] or delivery["MessageSid"])
        return stored
    return _work(Visit(delivery, redis, collect(redis)), claim, handler)


def repeated(redis: Any, delivery: Delivery, story: str = "") -> None:
    """Nothing of this delivery is new: the stage is told and, when we brought it ourselves, whoever wanted that."""
    events.publish(redis, "delivery.repeated", story, address=delivery.shown)
    if delivery.fed_in:
        g.fed_in = replay_marker.REPEATED


def _work(visit: Visit, claim: idempotency.Claim, handler: Handler) -> Reply:
    try:
        reply = handler(visit)
        if replay_marker.kind_of(visit.delivery) == replay_marker.HEALED:
            late_reply.answer(visit.pipe, visit.delivery, reply)
        finished = idempotency.finish(visit.redis, visit.pipe, claim, reply)
    except Exception:
        idempotency.release(visit.redis, claim)
        raise
    if finished:
        return reply
    found = visit.redis.get(claim.key)  # our lease ended; whoever took over has the say
    return idempotency.settle(visit.redis, claim, found) or reply


def _by_twilio(delivery: Delivery) -> None:
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
    delivery = replay_marker.recognise(delivery, ours.secret_key)
    if delivery.fed_in:
        g.fed_in = replay_marker.DONE
    return delivery


def settings() -> Settings:
    """This app's settings."""
    return current_app.extensions["settings"]


def response(reply: Reply) -> Response:
    """The reply as Flask sends it; what we brought ourselves is also told whether it was news."""
    answer = Response(reply.body, reply.status, content_type=reply.content_type)
    if "fed_in" in g:
        answer.headers[replay_marker.HEADER] = g.fed_in
    return answer


def refuse(refusal: BadSignature) -> Response:
    """Turn away what Twilio did not sign."""
    delivery = read_request(twilio.LIMIT)
    return turn_away(delivery, refusal, lambda: explain(delivery, settings()))


def turn_away(delivery: Delivery, refusal: Refused, look: Callable[[], Mistake]) -> Response:
    """One plain sentence for the sender; the likely mistake, where there is time to look, for our log and presenter."""
    why = look() if glances.take() else TOO_MANY
    address = mask_all(delivery.shown)
    log.warning("Refused %s %s: %s", delivery.method, address, why)
    try:
        redis = current_app.extensions["redis"]
        inbox.keep_refused(redis, delivery, why)
        events.publish(redis, "delivery.refused", address=address[:100], reason=str(refusal))
    except Exception:
        log.exception("The refusal could not be kept")
    return Response(f"{refusal}\n", refusal.status, refusal.headers(), content_type="text/plain; charset=utf-8")
