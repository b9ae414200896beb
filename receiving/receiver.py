"""The path of every incoming webhook: read the request, verify it, claim it, handle it and respond."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from flask import Blueprint, Response, g, request

import events
from context import settings, store
from receiving import backpressure, idempotency, replay_marker, stored_requests, twilio_signature
from receiving.delivery import Delivery, from_request
from receiving.diagnosis import diagnosis_limits, rejection_recorder
from receiving.diagnosis.mistakes import Mistake
from receiving.diagnosis.twilio import explain
from receiving.idempotency import StoredResponse
from receiving.rejection_reasons import RejectedRequest
from sending import outbox, text_circuit_breaker
from sending.outbox import OutboundMessage
from store import Commands, ConditionFailed, DeferredPipeline, Pipe, Store, batching, new_pipeline
from web.request_body_limits import MAX_TWILIO_BODY_BYTES, BodyMemory

body_memory = BodyMemory()


@dataclass(frozen=True)
class WebhookContext:
    """A verified delivery, the store to read from, and the pipeline for everything that the handler writes."""

    delivery: Delivery
    redis: Store
    pipe: DeferredPipeline
    replies: Sequence[Any] = ()  # the store's replies to the handler's `reads`


Handler = Callable[[WebhookContext], StoredResponse]
"""Handles a verified delivery. Its writes on `context.pipe` and its response are stored together or not at all."""

Verify = Callable[[Delivery], None]
"""Raises RejectedRequest unless the delivery is genuine."""

Process = Callable[[Delivery], StoredResponse]
"""Verifies and handles a delivery. Raises RejectedRequest or StillRunning."""

DedupKey = Callable[[Delivery], str]
"""Returns a key that is the same for all deliveries of one webhook and different for other webhooks."""


Reads = Callable[[Delivery], Commands]
"""Returns commands whose replies the handler needs. They share the claim's round trip, even for a duplicate."""

Undo = Callable[[Delivery, Sequence[Any]], Commands]
"""Returns commands that undo the changes that a duplicate's reads have made, given the replies to these reads."""


def webhook(
    blueprint: Blueprint, path: str, key: DedupKey, reads: Reads = lambda _: (), undo: Undo = lambda *_: ()
) -> Callable[[Handler], Handler]:
    """Register a handler for Twilio's POST and GET requests to this path. The handler runs once per key."""

    def register(handler: Handler) -> Handler:
        once = with_lease(key, handler, reads, undo)
        _add_route(blueprint, path, handler.__name__, lambda delivery: receive(delivery, _verify_twilio, once))
        return handler

    return register


def verified_only(blueprint: Blueprint, path: str) -> Callable[[Process], Process]:
    """Register a handler that must work without the store: deliveries are verified but neither claimed nor stored."""

    def register(handler: Process) -> Process:
        def process(delivery: Delivery) -> StoredResponse:
            _verify_twilio(delivery)
            return handler(delivery)

        _add_route(blueprint, path, handler.__name__, process)
        return handler

    return register


def _add_route(blueprint: Blueprint, path: str, name: str, process: Process) -> None:
    def view() -> Response:
        return respond(MAX_TWILIO_BODY_BYTES, process, lambda delivery, why: explain(delivery, settings(), why))

    blueprint.add_url_rule(path, name, view, methods=["POST", "GET"], strict_slashes=False)


def _verify_twilio(delivery: Delivery) -> None:
    twilio_signature.verify(delivery, settings())


def respond(
    max_body_bytes: int, process: Process, diagnose: Callable[[Delivery, RejectedRequest], Mistake]
) -> Response:
    """Read and process the current request and return the response, or a rejection."""
    with body_memory.read(max_body_bytes) as body:
        delivery = make_delivery(body)
        try:
            return to_flask_response(process(delivery))
        except RejectedRequest as rejection:
            return reject(delivery, rejection, diagnose)


def make_delivery(body: bytes) -> Delivery:
    """Return the current request with this body. If its replay mark is valid, the response will report the result."""
    ours = settings()
    delivery = from_request(request.environ, body, ours.public_url)
    if replay_marker.HEADER in delivery.headers:
        delivery = replay_marker.verify_mark(delivery, ours.secret_key)
    if delivery.replay_mark:
        g.replay_result = replay_marker.DONE
    return delivery


def receive(delivery: Delivery, verify: Verify, handler: Handler) -> StoredResponse:
    """Verify a delivery and handle it."""
    verify(delivery)
    return handle(delivery, handler)


def handle(delivery: Delivery, handler: Handler) -> StoredResponse:
    """Add a verified delivery to the inbox on the handler's pipeline, and handle it."""
    redis = store()
    backpressure.admit(redis, len(delivery.body))
    pipe = new_pipeline(redis)
    stored_requests.save(pipe, delivery)
    return handler(WebhookContext(delivery, redis, pipe))


def with_lease(key: DedupKey, handler: Handler, reads: Reads, undo: Undo) -> Handler:
    """Wrap a handler: for each key, one delivery gets the lease and runs the handler; the others get its response.

    Takes two round trips to the store: one for the inbox and the claim, one to commit all writes and the response.
    """

    def handle_once(context: WebhookContext) -> StoredResponse:
        delivery, redis = context.delivery, context.redis
        claim = idempotency.add_claim(context.pipe, replay_marker.claim_key(delivery, key(delivery)))
        commands = [arguments for arguments, _ in context.pipe.command_stack]
        replies = batching.execute(redis, [*commands, *reads(delivery)])
        stored = idempotency.wait_for_response(redis, claim, replies[len(commands) - 1])
        if stored is None:
            return _run_handler(delivery, redis, claim, handler, reads, replies[len(commands) :])
        if undone := undo(delivery, replies[len(commands) :]):
            batching.execute(redis, undone)
        report_duplicate(redis, delivery, delivery["CallSid"] or delivery["MessageSid"])
        return stored

    return handle_once


def _run_handler(
    delivery: Delivery, redis: Store, claim: idempotency.Claim, handler: Handler, reads: Reads, replies: Sequence[Any]
) -> StoredResponse:
    """Run the handler and commit; retry once if what the handler requires has changed since `replies` were read."""
    try:
        try:
            response, is_complete = _run_once(
                WebhookContext(delivery, redis, new_pipeline(redis), replies), claim, handler
            )
        except ConditionFailed:
            fresh = WebhookContext(delivery, redis, new_pipeline(redis), batching.execute(redis, reads(delivery)))
            response, is_complete = _run_once(fresh, claim, handler)
    except Exception:
        idempotency.release(redis, claim)
        raise
    if is_complete:
        return response
    found = redis.get(claim.key)  # the lease has expired, and another copy has taken over
    return idempotency.wait_for_response(redis, claim, found) or response


def _run_once(context: WebhookContext, claim: idempotency.Claim, handler: Handler) -> tuple[StoredResponse, bool]:
    """Run the handler and commit its writes. Return the response, and whether the claim was still ours."""
    response = handler(context)
    if replay_marker.replay_mode(context.delivery) == replay_marker.BACKFILLED:
        plan_late_reply(context.pipe, context.delivery, response)
    return response, idempotency.complete(context.redis, context.pipe, claim, response)


def plan_late_reply(pipe: Pipe, delivery: Delivery, response: StoredResponse) -> None:
    """Add each <Message> in our response to a backfilled text to the outbox: Twilio is no longer waiting for it.

    The outbox sends each message once, within the rate limits, and not to people who have opted out.
    """
    if not (delivery["MessageSid"] and delivery["From"] and "xml" in response.content_type and response.body):
        return
    sender = settings().sender_for(delivery["To"])
    messages = ElementTree.fromstring(response.body).findall("Message")  # noqa: S314 (our own TwiML)
    for number, message in enumerate(messages):
        body = "".join(message.itertext()).strip()
        if body:
            text_circuit_breaker.record_request(pipe, delivery["From"])
            id = f"late:{delivery['MessageSid']}:{number}"
            outbox.plan(pipe, OutboundMessage(id, delivery["From"], body, delivery["MessageSid"], sender))


def report_duplicate(redis: Store, delivery: Delivery, subject: str = "") -> None:
    """Publish that nothing in this delivery is new. If it is a replay, say so in its response too."""
    events.publish(redis, "delivery.duplicate", subject, address=delivery.redacted_path)
    if delivery.replay_mark:
        g.replay_result = replay_marker.DUPLICATE


def to_flask_response(stored: StoredResponse) -> Response:
    """Convert a stored response to a Flask response. The response to a replay gets a header with the result."""
    response = Response(stored.body, stored.status, content_type=stored.content_type)
    if "replay_result" in g:
        response.headers[replay_marker.HEADER] = g.replay_result
    return response


def reject(
    delivery: Delivery, rejection: RejectedRequest, diagnose: Callable[[Delivery, RejectedRequest], Mistake]
) -> Response:
    """Return the rejection. The sender gets one sentence; the likely mistake goes only to our log and the inbox."""
    mistake = diagnose(delivery, rejection) if diagnosis_limits.budget.acquire() else diagnosis_limits.TOO_MANY
    rejection_recorder.recorder.record(store(), delivery, rejection, mistake)
    return Response(f"{rejection}\n", rejection.status, rejection.headers(), content_type="text/plain; charset=utf-8")
