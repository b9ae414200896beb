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
from receiving.errors import Refused
from receiving.idempotency import Reply
from receiving.provider_event import Notice, one_line
from receiving.providers import Provider
from receiving.signatures import marked
from sending.webhooks import raw_payloads
from store import collect

log = logging.getLogger(__name__)
bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")
QUESTION = 1024  # bytes of body that a handshake may have
UNREADABLE = "unreadable"
LONGEST_ID = 100  # characters; a longer one is known by its SHA-256


@bp.record
def open_doors(state: BlueprintSetupState) -> None:
    """An address for each provider whose secret is set; the others do not exist."""
    held = state.app.extensions["settings"].webhook_secrets
    known = providers.load()
    for name in held.keys() - known.keys():
        log.warning("%s_WEBHOOK_SECRET names no provider; there are: %s", name.upper(), ", ".join(known))
    for name in known.keys() & held.keys():
        known[name].check_setting(held[name])
        _open(state, known[name], held[name])


def _open(state: BlueprintSetupState, provider: Provider, secrets: Secrets) -> None:
    def view(token: str = "") -> Response:
        delivery = _read_request(provider)
        try:
            return receiver.response(receive(provider, secrets, delivery))
        except Refused as refusal:
            look = partial(explain, provider, delivery, receiver.settings().webhook_secrets, refusal)
            return receiver.turn_away(delivery, refusal, look)

    methods = ["POST", "GET"] if provider.greets else ["POST"]
    paths = [f"/{provider.name}"]
    if provider.hidden_path and any(marked(secrets, secret_path.MARK)):
        paths.append(f"/{provider.name}/<token>")
    for path in paths:
        state.add_url_rule(path, provider.name, view, methods=methods, strict_slashes=False)


def _read_request(provider: Provider) -> Delivery:
    """What came, the body as it is: nothing is parsed before it is believed."""
    most = provider.takes.get(request.mimetype) if request.method == "POST" else QUESTION
    if most is None:
        abort(415, f"{provider.title} sends {' or '.join(provider.takes)}.")
    return receiver.read_request(most)


def receive(provider: Provider, secrets: Secrets, delivery: Delivery) -> Reply:
    """The whole road of one delivery. Raises Refused."""
    greeting = provider.greet(delivery, secrets)
    if greeting:
        return greeting
    provider.verify(delivery, secrets)
    if not _take_in(provider, delivery, _read(provider, delivery)):
        receiver.repeated(current_app.extensions["redis"], delivery)
    return provider.reply


def _read(provider: Provider, delivery: Delivery) -> list[Notice]:
    """What it says. A genuine delivery that we cannot read is our trouble: it is kept, and the sender need not know."""
    try:
        return provider.read(delivery)
    except ValueError as trouble:
        log.warning("%s sent something we cannot read: %s", provider.title, one_line(str(trouble)))
        return [Notice(UNREADABLE, {}, delivery.fingerprint)]


def _take_in(provider: Provider, delivery: Delivery, notices: list[Notice]) -> bool:
    """Keep it, and publish each notice that is news, once. False: nothing of it is new.

    Each notice happens whole or not at all, so a batch that broke off is completed when it comes again.
    """
    redis = current_app.extensions["redis"]
    pipe = collect(redis)
    inbox.keep(pipe, delivery)
    if len(notices) == 1:
        _publish(pipe, provider, notices[0])
        return _once(redis, pipe, provider, delivery, notices[0].id)
    news = [_once(redis, pipe, provider, delivery, delivery.fingerprint)]
    for notice in notices:
        pipe = collect(redis)
        _publish(pipe, provider, notice)
        news.append(_once(redis, pipe, provider, delivery, notice.id))
    return any(news)


def _once(redis: Any, pipe: Any, provider: Provider, delivery: Delivery, id: str) -> bool:
    short = id if len(id) <= LONGEST_ID and id.isascii() else hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()
    key = replay_marker.claim_of(delivery, f"webhook:{provider.name}:{short}")
    return idempotency.do(redis, pipe, key, provider.reply, provider.remembered)


def _publish(pipe: Any, provider: Provider, notice: Notice) -> None:
    line = f"{provider.title} sent something we cannot read" if notice.name == UNREADABLE else provider.say(notice)
    facts = {"provider": provider.name, "event": one_line(notice.name), "line": one_line(line)}
    facts["original"] = raw_payloads.keep(pipe, notice.facts)
    events.publish(pipe, "webhook.received", **facts)
