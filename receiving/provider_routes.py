"""The endpoints for other providers' webhooks: /webhooks/<provider> for each provider whose secret is set."""

import hashlib
import logging

from flask import Blueprint, Response, abort, request
from flask.blueprints import BlueprintSetupState

import context
import events
from config import Secrets
from receiving import backpressure, idempotency, providers, receiver, replay_marker, secret_path
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.diagnosis.provider import explain
from receiving.event_summaries import ProviderEvent, one_line
from receiving.idempotency import StoredResponse
from receiving.providers.base import Provider
from receiving.receiver import WebhookContext
from receiving.rejection_reasons import RejectedRequest
from receiving.signature_checks import secrets_with_prefix
from sending import provider_payloads
from store import DeferredPipeline, new_pipeline
from web.request_body_limits import MAX_HANDSHAKE_BODY_BYTES

log = logging.getLogger(__name__)
bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")
MAX_ID_CHARS = 100  # a longer id is replaced by its SHA-256
UNREADABLE = "unreadable"


@bp.record
def register_routes(state: BlueprintSetupState) -> None:
    """Add an endpoint for each provider whose secret is set. Raises ConfigError if a secret cannot be used."""
    secrets_by_name = context.settings(state.app).webhook_secrets
    known = providers.load()
    for name in secrets_by_name.keys() - known.keys():
        log.warning("%s_WEBHOOK_SECRET matches no provider. The providers are: %s", name.upper(), ", ".join(known))
    providers.check_settings(secrets_by_name)
    for name in known.keys() & secrets_by_name.keys():
        _register_route(state, known[name], secrets_by_name[name])


def _register_route(state: BlueprintSetupState, provider: Provider, secrets: Secrets) -> None:
    def process(delivery: Delivery) -> StoredResponse:
        return provider.handshake(delivery, secrets) or receiver.receive(delivery, verify, handle)

    def verify(delivery: Delivery) -> None:
        provider.verify(delivery, secrets)

    def handle(webhook: WebhookContext) -> StoredResponse:
        if not _publish_once(provider, webhook, _parse(provider, webhook.delivery)):
            receiver.report_duplicate(webhook.redis, webhook.delivery)
        return provider.response

    def diagnose(delivery: Delivery, rejection: RejectedRequest) -> Mistake:
        return explain(provider, delivery, context.settings().webhook_secrets, rejection)

    def view(token: str = "") -> Response:
        return receiver.respond(_max_body_bytes(provider), process, diagnose)

    methods = ["POST", "GET"] if provider.has_handshake else ["POST"]
    paths = [f"/{provider.name}"]
    if provider.allows_secret_path and any(secrets_with_prefix(secrets, secret_path.PATH_PREFIX)):
        paths.append(f"/{provider.name}/<token>")
    for path in paths:
        state.add_url_rule(path, provider.name, view, methods=methods, strict_slashes=False)


def _max_body_bytes(provider: Provider) -> int:
    """Return the size limit for the current request's body. Aborts with 415 if its content type is not accepted."""
    if request.method != "POST":
        return MAX_HANDSHAKE_BODY_BYTES
    if request.mimetype not in provider.max_bytes_by_type:
        abort(415, f"{provider.title} sends {' or '.join(provider.max_bytes_by_type)}.")
    return provider.max_bytes_by_type[request.mimetype]


def _parse(provider: Provider, delivery: Delivery) -> list[ProviderEvent]:
    """Return a verified delivery's events; if parsing fails, one UNREADABLE event, since a retry would not help."""
    try:
        return provider.parse(delivery)
    except ValueError as error:
        log.warning("A webhook from %s cannot be parsed: %s", provider.title, one_line(str(error)))
        return [ProviderEvent(UNREADABLE, {}, delivery.fingerprint)]


def _publish_once(provider: Provider, webhook: WebhookContext, found: list[ProviderEvent]) -> bool:
    """Publish each of these events that has not been published before. Returns False if all have been.

    Needs no lease, because it only writes. A single event takes one transaction and one round trip. Several events take
    one transaction each, so that a redelivery completes an interrupted batch.
    """
    if len(found) == 1:
        _publish(webhook.pipe, provider, found[0])
        return _commit_once(provider, webhook, webhook.pipe, found[0].id)
    is_new = [_commit_once(provider, webhook, webhook.pipe, webhook.delivery.fingerprint)]
    for event in found:
        backpressure.admit(webhook.redis, 0)
        pipe = new_pipeline(webhook.redis)
        _publish(pipe, provider, event)
        is_new.append(_commit_once(provider, webhook, pipe, event.id))
    return any(is_new[1:] or is_new)


def _commit_once(provider: Provider, webhook: WebhookContext, pipe: DeferredPipeline, id: str) -> bool:
    if len(id) > MAX_ID_CHARS or not id.isascii():
        id = hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()
    key = replay_marker.claim_key(webhook.delivery, f"webhook:{provider.name}:{id}")
    return idempotency.commit_once(webhook.redis, pipe, key, provider.claim_ttl_seconds)


def _publish(pipe: DeferredPipeline, provider: Provider, event: ProviderEvent) -> None:
    is_readable = event.name != UNREADABLE
    summary = provider.summarize(event) if is_readable else f"{provider.title} sent something we cannot read"
    data = {"provider": provider.name, "event": one_line(event.name), "summary": one_line(summary)}
    data["raw_payload"] = provider_payloads.save(pipe, event.data)
    events.publish(pipe, "webhook.received", **data)
