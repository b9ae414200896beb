"""The door: verify, claim, answer. The one road every inbound webhook takes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, request

import events
from config import Settings
from masking import mask_all
from receiving import inbox, once, twilio
from receiving.delivery import Delivery, from_request
from receiving.once import Reply
from transaction import collect

log = logging.getLogger(__name__)

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
            return _response(admit(_read_request(), key, handler))

        room.add_url_rule(path, handler.__name__, view, methods=["POST", "GET"], strict_slashes=False)
        return handler

    return register


def signed(room: Blueprint, path: str) -> Callable[[Callable[[Delivery], Reply]], Callable[[Delivery], Reply]]:
    """A door for answers that must come even when the store is down: verified, not claimed, and nothing is written."""

    def register(handler: Callable[[Delivery], Reply]) -> Callable[[Delivery], Reply]:
        def view() -> Response:
            delivery = _read_request()
            twilio.verify(delivery, settings())
            return _response(handler(delivery))

        room.add_url_rule(path, handler.__name__, view, methods=["POST", "GET"], strict_slashes=False)
        return handler

    return register


def admit(delivery: Delivery, key: Key, handler: Handler) -> Reply:
    """The whole road of one delivery. Raises BadSignature, StillRunning, or what the handler raises."""
    redis = current_app.extensions["redis"]
    twilio.verify(delivery, settings())
    pipe = redis.pipeline(transaction=False)
    inbox.keep(pipe, delivery)
    claim = once.ask(pipe, key(delivery))
    stored = once.settle(redis, claim, pipe.execute()[-1])
    if stored is not None:
        events.publish(redis, "delivery.repeated", delivery["CallSid"] or delivery["MessageSid"], address=delivery.path)
        return stored
    return _work(Visit(delivery, redis, collect(redis)), claim, handler)


def _work(visit: Visit, claim: once.Claim, handler: Handler) -> Reply:
    try:
        reply = handler(visit)
        finished = once.finish(visit.redis, visit.pipe, claim, reply)
    except Exception:
        once.release(visit.redis, claim)
        raise
    if finished:
        return reply
    found = visit.redis.get(claim.key)  # our lease ended; whoever took over has the say
    return once.settle(visit.redis, claim, found) or reply


def _read_request() -> Delivery:
    request.max_content_length = twilio.LIMIT
    return from_request(request.environ, request.get_data(), settings().public_url, settings().trusted_proxies)


def settings() -> Settings:
    """This app's settings."""
    return current_app.extensions["settings"]


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, content_type=reply.content_type)


def refuse(refusal: twilio.BadSignature) -> tuple[str, int, dict[str, str]]:
    """403 and one plain sentence for the sender; the likely mistake for our log and the presenter."""
    delivery = _read_request()
    why = twilio.explain(delivery, settings())
    log.warning("Refused %s %s: %s", delivery.method, mask_all(delivery.path), why)
    try:
        redis = current_app.extensions["redis"]
        inbox.keep_refused(redis, delivery, why)
        events.publish(redis, "delivery.refused", address=mask_all(delivery.path)[:100], reason=str(refusal))
    except Exception:
        log.exception("The refusal could not be kept")
    return f"{refusal}\n", 403, {"Content-Type": "text/plain; charset=utf-8"}
