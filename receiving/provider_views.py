"""Other providers' webhooks: an address for each whose secret we hold, and the road from there."""

import hashlib
import logging
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, current_app, request
from flask.blueprints import BlueprintSetupState

import events
from config import Secrets
from receiving import idempotency, inbox, providers, receiver, replay_marker, secret_path
from receiving.delivery import Delivery
from receiving.diagnosis.provider import explain
from receiving.errors import RejectedRequest
from receiving.idempotency import StoredResponse
from receiving.provider_event import ProviderEvent, one_line
from receiving.providers import Provider
from receiving.signatures import secrets_with_prefix
from sending.webhooks import raw_payloads
from store import new_pipeline

log = logging.getLogger(__name__)
bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")
MAX_HANDSHAKE_BODY_BYTES = 1024  # bytes of body that a handshake may have
UNREADABLE = "unreadable"
MAX_ID_CHARS = 100  # characters; a longer one is known by its SHA-256


@bp.record
def register_routes(state: BlueprintSetupState) -> None:
    """An address for each provider whose secret is set; the others do not exist."""
    held = state.app.extensions["settings"].webhook_secrets
    known = providers.load()
    for name in held.keys() - known.keys():
        log.warning("%s_WEBHOOK_SECRET names no provider; there are: %s", name.upper(), ", ".join(known))
    for name in known.keys() & held.keys():
        known[name].check_setting(held[name])
        _register_route(state, known[name], held[name])


def _register_route(state: BlueprintSetupState, provider: Provider, secrets: Secrets) -> None:
    def view(token: str = "") -> Response:
        delivery = _read_request(provider)
        try:
            return receiver.to_flask_response(receive(provider, secrets, delivery))
        except RejectedRequest as refusal:
            look = partial(explain, provider, delivery, receiver.settings().webhook_secrets, refusal)
            return receiver.reject(delivery, refusal, look)

    methods = ["POST", "GET"] if provider.has_handshake else ["POST"]
    paths = [f"/{provider.name}"]
    if provider.allows_secret_path and any(secrets_with_prefix(secrets, secret_path.PATH_PREFIX)):
        paths.append(f"/{provider.name}/<token>")
    for path in paths:
        state.add_url_rule(path, provider.name, view, methods=methods, strict_slashes=False)


def _read_request(provider: Provider) -> Delivery:
    """What came, the body as it is: nothing is parsed before it is believed."""
    most = provider.max_bytes_by_type.get(request.mimetype) if request.method == "POST" else MAX_HANDSHAKE_BODY_BYTES
    if most is None:
        abort(415, f"{provider.title} sends {' or '.join(provider.max_bytes_by_type)}.")
    return receiver.read_request(most)


def receive(provider: Provider, secrets: Secrets, delivery: Delivery) -> StoredResponse:
    """The whole road of one delivery. Raises RejectedRequest."""
    greeting = provider.handshake(delivery, secrets)
    if greeting:
        return greeting
    provider.verify(delivery, secrets)
    if not _save_and_publish(provider, delivery, _parse(provider, delivery)):
        receiver.report_duplicate(current_app.extensions["redis"], delivery)
    return provider.response


def _parse(provider: Provider, delivery: Delivery) -> list[ProviderEvent]:
    """What it says. A genuine delivery that we cannot read is our trouble: it is kept, and the sender need not know."""
    try:
        return provider.parse(delivery)
    except ValueError as trouble:
        log.warning("%s sent something we cannot read: %s", provider.title, one_line(str(trouble)))
        return [ProviderEvent(UNREADABLE, {}, delivery.fingerprint)]


def _save_and_publish(provider: Provider, delivery: Delivery, notices: list[ProviderEvent]) -> bool:
    """Keep it, and publish each notice that is news, once. False: nothing of it is new.

    Each notice happens whole or not at all, so a batch that broke off is completed when it comes again.
    """
    redis = current_app.extensions["redis"]
    pipe = new_pipeline(redis)
    inbox.save(pipe, delivery)
    if len(notices) == 1:
        _publish(pipe, provider, notices[0])
        return _commit_once(redis, pipe, provider, delivery, notices[0].id)
    news = [_commit_once(redis, pipe, provider, delivery, delivery.fingerprint)]
    for notice in notices:
        pipe = new_pipeline(redis)
        _publish(pipe, provider, notice)
        news.append(_commit_once(redis, pipe, provider, delivery, notice.id))
    return any(news)


def _commit_once(redis: Any, pipe: Any, provider: Provider, delivery: Delivery, id: str) -> bool:
    short = (
        id if len(id) <= MAX_ID_CHARS and id.isascii() else hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()
    )
    key = replay_marker.claim_key(delivery, f"webhook:{provider.name}:{short}")
    return idempotency.commit_once(redis, pipe, key, provider.response, provider.claim_ttl_seconds)


def _publish(pipe: Any, provider: Provider, notice: ProviderEvent) -> None:
    line = (
        f"{provider.title} sent something we cannot read" if notice.name == UNREADABLE else provider.summarize(notice)
    )
    facts = {"provider": provider.name, "event": one_line(notice.name), "line": one_line(line)}
    facts["original"] = raw_payloads.save(pipe, notice.data)
    events.publish(pipe, "webhook.received", **facts)
