"""Webhook endpoints in Redis: create, load, change, pause, disable, resume and delete them."""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import events
from sending.http import urls
from sending.http.client import HttpClient
from sending.webhooks import signing_keys
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import cookies, endpoint_options
from sending.webhooks.endpoints.endpoint_options import SigningKey, WebhookEndpoint
from store import Pipe, Store, commit_if_unchanged, new_pipeline

ENDPOINTS_KEY = "endpoints"  # sorted set: ids, scored by creation time
DUE_KEY = "endpoints:due"  # sorted set: ids of endpoints with waiting messages, scored by the time of the next attempt
LOAD_BATCH_SIZE = 500
MAX_UPDATE_ATTEMPTS = 20
ENDPOINT_ID_PATTERN = re.compile(r"ep_[0-9a-f]{16}")  # checked before an id is used in a Redis key


class EndpointNotFound(Exception):
    """There is no endpoint with this id, or it has been deleted in the meantime."""

    def __str__(self) -> str:
        return "There is no such endpoint."


class AlreadyDisabled(Exception):
    """The endpoint has already been disabled, perhaps for another reason."""


def create(
    redis: Store,
    client: HttpClient,
    encryption: Encryption,
    url: str,
    *,
    http: bool = False,
    owner: str = "",
    now: float | None = None,
    **options: Any,
) -> WebhookEndpoint:
    """Create an endpoint with a new secret. `options` are JSON values as in OPTION_SCHEMAS; `http` allows http:// URLs.

    Raises ValidationError, or RequestFailed for a URL that `client` must not request.
    """
    now, keys = now or time.time(), (generate_key(encryption),)
    new = WebhookEndpoint(f"ep_{secrets.token_hex(8)}", keys, owner, created_at=now)
    endpoint = endpoint_options.with_options(new, {"url": url, **options}, client, encryption, http)
    pipe = new_pipeline(redis)
    pipe.hset(_redis_key(endpoint.id), mapping={"record": _serialize(endpoint), "state": endpoint.state})
    pipe.zadd(ENDPOINTS_KEY, {endpoint.id: now})
    _publish_event(pipe, "created", endpoint)
    commit_if_unchanged(redis, pipe, _redis_key(endpoint.id), "", field="record")
    return endpoint


def generate_key(encryption: Encryption, private: bool = False) -> SigningKey:
    """Return a new signing key: a shared secret, or with `private` an Ed25519 key."""
    key = signing_keys.generate_private_key() if private else signing_keys.generate_secret()
    return SigningKey(encryption.encrypt(key), signing_keys.scheme_of(key))


def load(redis: Store, id: str) -> WebhookEndpoint | None:
    """Return the endpoint with this id, or None."""
    record = _load_record(redis, id)
    return _parse(record) if record else None


def load_all(redis: Store) -> Iterator[WebhookEndpoint]:
    """Yield all endpoints, oldest first."""
    ids = redis.zrange(ENDPOINTS_KEY, 0, -1)
    for start in range(0, len(ids), LOAD_BATCH_SIZE):
        pipe = redis.pipeline(transaction=False)
        for id in ids[start : start + LOAD_BATCH_SIZE]:
            pipe.hget(_redis_key(id.decode()), "record")
        yield from (_parse(record) for record in pipe.execute() if record)


def update(
    redis: Store, client: HttpClient, encryption: Encryption, id: str, *, http: bool = False, **options: Any
) -> WebhookEndpoint:
    """Change these options. Raises EndpointNotFound, or the same exceptions as `create`."""
    return update_record(
        redis, id, "updated", lambda known: endpoint_options.with_options(known, options, client, encryption, http)
    )


def pause(redis: Store, id: str, reason: str = "Paused by its owner.") -> WebhookEndpoint:
    """Send nothing until the endpoint is resumed; messages wait until then. Raises EndpointNotFound."""
    return update_record(redis, id, "paused", lambda known: replace(known, state="paused", state_reason=reason))


def disable(redis: Store, id: str, reason: str) -> bool:
    """Send nothing and queue no new messages until the endpoint is resumed.

    Returns False if the endpoint has already been disabled or deleted, for example while a request was in progress.
    """

    def change(known: WebhookEndpoint) -> WebhookEndpoint:
        if known.state == "disabled":
            raise AlreadyDisabled
        return replace(known, state="disabled", state_reason=reason)

    try:
        update_record(redis, id, "disabled", change)
    except (AlreadyDisabled, EndpointNotFound):
        return False
    return True


def resume(redis: Store, id: str, now: float | None = None) -> WebhookEndpoint:
    """Resume sending and reset the failure count. Raises EndpointNotFound."""
    endpoint = update_record(redis, id, "resumed", lambda known: replace(known, state="enabled", state_reason=""))
    pipe = redis.pipeline()
    pipe.hset(_redis_key(id), mapping=dict.fromkeys(("failures", "hold_until", "asked_until", "failing_since"), 0))
    pipe.zadd(DUE_KEY, {id: now or time.time()})
    pipe.execute()
    return endpoint


def delete(redis: Store, id: str) -> None:
    """Delete the endpoint and all its data, if it exists, except the messages: see `queue.backlog`."""
    known, pipe = load(redis, id), redis.pipeline()
    pipe.delete(*(_redis_key(id) + part for part in ("", ":due", ":slots", ":attempts", ":dead", ":cookies")))
    pipe.zrem(ENDPOINTS_KEY, id)
    pipe.zrem(DUE_KEY, id)
    if known:
        _publish_event(pipe, "deleted", known)
    pipe.execute()


def update_record(
    redis: Store, id: str, event: str, change: Callable[[WebhookEndpoint], WebhookEndpoint]
) -> WebhookEndpoint:
    """Apply the change, and publish endpoint.<event> unless `event` is "". Retries after a concurrent change."""
    for _ in range(MAX_UPDATE_ATTEMPTS):
        record = _load_record(redis, id)
        if record is None:
            raise EndpointNotFound(id)
        known = _parse(record)
        changed = change(known)
        pipe = new_pipeline(redis)
        if changed.identity_hash != known.identity_hash:
            pipe.delete(cookies.redis_key(id))
        pipe.hset(_redis_key(id), mapping={"record": _serialize(changed), "state": changed.state})
        if event:
            _publish_event(pipe, event, changed)
        if commit_if_unchanged(redis, pipe, _redis_key(id), record.decode(), field="record"):
            return changed
    raise RuntimeError(f"Endpoint {id} was changed concurrently too many times.")


def _publish_event(pipe: Pipe, event: str, endpoint: WebhookEndpoint) -> None:
    """Publish the change. Other endpoints may receive the event, so it contains no secrets."""
    data = {"endpoint": endpoint.id, "host": urls.host_of(endpoint.url), "event_types": list(endpoint.event_types)}
    events.publish(pipe, f"endpoint.{event}", endpoint.id, **data, state=endpoint.state, reason=endpoint.state_reason)


def _load_record(redis: Store, id: str) -> bytes | None:
    record: bytes | None = redis.hget(_redis_key(id), "record") if ENDPOINT_ID_PATTERN.fullmatch(id) else None
    return record


def _redis_key(id: str) -> str:
    return f"endpoint:{id}"


def _serialize(endpoint: WebhookEndpoint) -> str:
    return json.dumps(asdict(endpoint), separators=(",", ":"))


def _parse(record: bytes) -> WebhookEndpoint:
    fields = json.loads(record)
    keys = tuple(SigningKey(**key) for key in fields.pop("keys"))
    headers = tuple((name, value) for name, value in fields.pop("headers"))
    return WebhookEndpoint(**{**fields, "event_types": tuple(fields["event_types"]), "keys": keys, "headers": headers})
