"""Who wants to hear by webhook: an https address, what it wants, and the keys we sign with."""

import hashlib
import json
import re
import secrets as randomness
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import events
from sending.http import urls
from sending.http.client import HttpClient
from sending.webhooks import signatures
from sending.webhooks.encryption import Encrypted, Encryption, WrongKey
from sending.webhooks.optional import cookies
from sending.webhooks.optional.custom_headers import ValidationError as ValidationError  # it is refused here as well
from sending.webhooks.optional.custom_headers import check_headers, reject_if
from store import commit_if_unchanged, new_pipeline

ENDPOINTS_KEY = "endpoints"  # every subscriber's id, by when it was made
DUE_KEY = "endpoints:due"  # those with something to send, by when
KEY_OVERLAP_SECONDS = 24 * 3600  # seconds both keys sign during a rotation
DEFAULT_CONCURRENCY = 4  # requests to one endpoint at the same time
MAX_CONCURRENCY = 20
PAYLOAD_STYLES = ("full", "thin")
EVENT_FILTER_PATTERN = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*(\.\*)?")
ENDPOINT_ID_PATTERN = re.compile(
    r"ep_[0-9a-f]{16}"
)  # anything longer could be the name of what lies beside a subscriber


@dataclass(frozen=True)
class SigningKey:
    """A signing key; it signs until `until` (seconds since 1970), or for good when that is 0."""

    encrypted: Encrypted
    scheme: str  # v1 or v1a
    until: float = 0.0


@dataclass(frozen=True)
class WebhookEndpoint:
    """A registered receiver of webhooks.

    `state` is enabled, paused (messages wait) or disabled (messages are discarded); `state_reason` is a sentence for
    its owner. `event_types` may name families (`text.*`); empty means all. `authorization` is the value of the
    Authorization header. `owner` is an E.164 number that is texted when the endpoint is disabled, or "".
    `rate_limit` is in requests per second; 0 means unlimited. `payload_style` is full or thin. `sign_body` adds a
    signature of the body alone, `cookies` a cookie jar. `event_filter` is the URL of a document that narrows
    `event_types`. `created_at` is in seconds since 1970.
    """

    id: str
    url: str
    keys: tuple[SigningKey, ...]
    event_types: tuple[str, ...] = ()
    fallback_url: str = ""
    authorization: Encrypted | str = ""
    headers: tuple[tuple[str, Encrypted], ...] = ()
    owner: str = ""
    rate_limit: int = 0
    max_concurrency: int = DEFAULT_CONCURRENCY
    payload_style: str = "full"
    state: str = "enabled"
    state_reason: str = ""
    created_at: float = 0.0
    sign_body: bool = False
    cookies: bool = False
    event_filter: str = ""

    def subscribes_to(self, event_type: str) -> bool:
        """True when it has asked to hear of events of this kind."""
        return not self.event_types or matches_event_type(self.event_types, event_type)

    def signing_keys(self, now: float) -> list[SigningKey]:
        """The keys that sign at this time, the newest first."""
        return [key for key in self.keys if not key.until or key.until > now]

    @property
    def identity_hash(self) -> str:
        """Changes with everything by which the receiver knows us: what it told us before is not for later."""
        shown = (self.authorization, self.headers, *(key.encrypted for key in self.keys[:1]))
        known = (self.url, self.fallback_url, *shown, self.cookies)
        return hashlib.sha256(repr(known).encode()).hexdigest()


def create(
    redis: Any,
    client: HttpClient,
    encryption: Encryption,
    url: str,
    *,
    http: bool = False,
    now: float | None = None,
    **wishes: Any,
) -> WebhookEndpoint:
    """A new endpoint with a secret of its own. Raises ValidationError or a blocked RequestFailed.

    `client` knows which addresses may be tried; `http` allows unencrypted ones, for the demo. The values of
    `authorization` and `headers` come in plain words and are sealed here.
    """
    now = now or time.time()
    made = WebhookEndpoint(
        id=f"ep_{randomness.token_hex(8)}", url=url, keys=(_generate_key(encryption),), created_at=now
    )
    subscriber = _validate(replace(made, **_encrypt_options(encryption, wishes)), client, http)
    pipe = new_pipeline(redis)
    pipe.hset(_redis_key(subscriber.id), mapping={"record": _serialize(subscriber), "state": subscriber.state})
    pipe.zadd(ENDPOINTS_KEY, {subscriber.id: now})
    _publish_event(pipe, "created", subscriber)
    commit_if_unchanged(redis, pipe, _redis_key(subscriber.id), "", field="record")
    return subscriber


def load(redis: Any, id: str) -> WebhookEndpoint | None:
    """The subscriber with this id, if there is one."""
    record = redis.hget(_redis_key(id), "record") if ENDPOINT_ID_PATTERN.fullmatch(id) else None
    return _parse(record) if record else None


def load_all(redis: Any) -> Iterator[WebhookEndpoint]:
    """All subscribers, the oldest first."""
    ids = redis.zrange(ENDPOINTS_KEY, 0, -1)
    for start in range(0, len(ids), 500):
        pipe = redis.pipeline(transaction=False)
        for id in ids[start : start + 500]:
            pipe.hget(_redis_key(id.decode()), "record")
        yield from (_parse(record) for record in pipe.execute() if record)


def update(
    redis: Any, client: HttpClient, encryption: Encryption, id: str, *, http: bool = False, **wishes: Any
) -> WebhookEndpoint:
    """The subscriber with these fields changed, checked like a new one. KeyError when there is none."""
    sealed = _encrypt_options(encryption, wishes)
    return _update_record(redis, id, "updated", lambda known: _validate(replace(known, **sealed), client, http))


def rotate_key(
    redis: Any,
    encryption: Encryption,
    id: str,
    *,
    private: bool = False,
    now: float | None = None,
    overlap: float = KEY_OVERLAP_SECONDS,
) -> WebhookEndpoint:
    """A new key signs from now on, the present ones for `overlap` seconds more. `private` makes an ed25519 key.

    Present ones that nobody can open any more are dropped.
    """
    now = now or time.time()
    fresh = _generate_key(encryption, private)

    def rotated(known: WebhookEndpoint) -> WebhookEndpoint:
        old = [
            key if key.until else replace(key, until=now + overlap)
            for key in known.keys
            if _is_decryptable(encryption, key)
        ]
        return _validate_signing(replace(known, keys=(fresh, *(key for key in old if key.until > now))))

    return _update_record(redis, id, "rotated", rotated)


def pause(redis: Any, id: str, reason: str = "You paused it.") -> WebhookEndpoint:
    """Send nothing until it is resumed; what happens meanwhile is kept and sent then."""
    return _update_record(redis, id, "paused", lambda known: replace(known, state="paused", state_reason=reason))


def reencrypt(redis: Any, encryption: Encryption, id: str) -> WebhookEndpoint:
    """Everything secret sealed with the newest SECRET_KEY, so that older ones may go. WrongKey when none opens it."""

    def renewed(known: WebhookEndpoint) -> WebhookEndpoint:
        authorization = encryption.reencrypt(Encrypted(known.authorization)) if known.authorization else ""
        headers = tuple((name, encryption.reencrypt(value)) for name, value in known.headers)
        keys = tuple(replace(key, encrypted=encryption.reencrypt(key.encrypted)) for key in known.keys)
        return replace(known, keys=keys, authorization=authorization, headers=headers)

    return _update_record(redis, id, "", renewed)


def resume(redis: Any, id: str, now: float | None = None) -> WebhookEndpoint:
    """Send again, after a pause or after we stopped, with a clean slate."""
    subscriber = _update_record(redis, id, "resumed", lambda known: replace(known, state="enabled", state_reason=""))
    pipe = redis.pipeline()
    pipe.hset(_redis_key(id), mapping={"failures": 0, "hold_until": 0, "failing_since": 0})
    pipe.zadd(DUE_KEY, {id: now or time.time()})
    pipe.execute()
    return subscriber


def disable(redis: Any, id: str, reason: str) -> WebhookEndpoint:
    """Disable it, with the sentence for its owner. What still waits for it is kept until it expires."""
    return _update_record(redis, id, "disabled", lambda known: replace(known, state="disabled", state_reason=reason))


def delete(redis: Any, id: str) -> None:
    """Forget it, and what was to be sent to it."""
    known, pipe = load(redis, id), redis.pipeline()
    pipe.delete(*(f"endpoint:{id}{part}" for part in ("", ":due", ":slots", ":attempts", ":dead", ":cookies")))
    pipe.zrem(ENDPOINTS_KEY, id)
    pipe.zrem(DUE_KEY, id)
    if known:
        _publish_event(pipe, "deleted", known)
    pipe.execute()


def _update_record(redis: Any, id: str, what: str, change: Any) -> WebhookEndpoint:
    """Read, change, write and, if it is `what` for somebody, tell; again if somebody else was faster."""
    for _ in range(20):
        record = redis.hget(_redis_key(id), "record") if ENDPOINT_ID_PATTERN.fullmatch(id) else None
        if record is None:
            raise KeyError(id)
        known = _parse(record)
        changed: WebhookEndpoint = change(known)
        pipe = new_pipeline(redis)
        if changed.identity_hash != known.identity_hash:
            pipe.delete(cookies.redis_key(id))
        pipe.hset(_redis_key(id), mapping={"record": _serialize(changed), "state": changed.state})
        if what:
            _publish_event(pipe, what, changed)
        if commit_if_unchanged(redis, pipe, _redis_key(id), record.decode(), field="record"):
            return changed
    raise RuntimeError(f"Subscriber {id} changes too often to be changed.")


def _publish_event(pipe: Any, what: str, one: WebhookEndpoint) -> None:
    """Nothing secret: what is told here goes out to others who may hear of it."""
    facts = {"endpoint": one.id, "host": urls.host_of(one.url), "event_types": list(one.event_types)}
    events.publish(pipe, f"endpoint.{what}", one.id, **facts, state=one.state, reason=one.state_reason)


def _validate(wish: WebhookEndpoint, client: HttpClient, http: bool) -> WebhookEndpoint:
    """The same in plain form: addresses as the client accepts them, everything else within bounds."""
    reject_if(not wish.url, "Give an address to send to.")
    reject_if(
        not all(EVENT_FILTER_PATTERN.fullmatch(event_type) for event_type in wish.event_types),
        "Event types look like text.received or text.*.",
    )
    reject_if(not 1 <= wish.max_concurrency <= MAX_CONCURRENCY, f"Between 1 and {MAX_CONCURRENCY} requests at once.")
    reject_if(wish.payload_style not in PAYLOAD_STYLES, "A payload is full or thin.")
    reject_if(wish.rate_limit < 0, "The rate is in requests a second; 0 means any.")
    accept = partial(client.normalize_url, http=http)
    url, fallback_url, event_filter = (
        place and accept(place) for place in (wish.url, wish.fallback_url, wish.event_filter)
    )
    # RFC 9111 4.4: a POST makes stale whatever is kept of the same address.
    reject_if(
        bool(event_filter) and event_filter in (url, fallback_url), "A list of wishes needs an address of its own."
    )
    return _validate_signing(replace(wish, url=url, fallback_url=fallback_url, event_filter=event_filter))


def _validate_signing(wish: WebhookEndpoint) -> WebhookEndpoint:
    """The same, if its newest key can do what it wants signed."""
    shared = wish.keys[0].scheme == signatures.SCHEME_HMAC
    reject_if(wish.sign_body and not shared, "A signature of the body alone needs a shared secret.")
    return wish


def _encrypt_options(encryption: Encryption, wishes: dict[str, Any]) -> dict[str, Any]:
    """The same wishes, with what is secret in them checked and closed."""
    headers, authorization = dict(wishes.get("headers", ())), wishes.get("authorization", "")
    check_headers(headers, authorization)
    closed: dict[str, Any] = {"headers": tuple((name, encryption.encrypt(value)) for name, value in headers.items())}
    closed["authorization"] = encryption.encrypt(authorization) if authorization else ""
    return {name: closed.get(name, value) for name, value in wishes.items()}


def _generate_key(encryption: Encryption, private: bool = False) -> SigningKey:
    key = signatures.generate_private_key() if private else signatures.generate_secret()
    return SigningKey(encryption.encrypt(key), signatures.scheme_of(key))


def _is_decryptable(encryption: Encryption, key: SigningKey) -> bool:
    try:
        encryption.decrypt(key.encrypted)
    except WrongKey:
        return False
    return True


def matches_event_type(patterns: Iterable[str], event_type: str) -> bool:
    """True when this kind, or its family, is among them."""
    return any(event_type.startswith(one[:-1]) if one.endswith(".*") else event_type == one for one in patterns)


def _redis_key(id: str) -> str:
    return f"endpoint:{id}"


def _serialize(subscriber: WebhookEndpoint) -> str:
    return json.dumps(asdict(subscriber), separators=(",", ":"))


def _parse(record: bytes) -> WebhookEndpoint:
    row = json.loads(record)
    keys = tuple(SigningKey(**key) for key in row.pop("keys"))
    pairs: Iterable[list[Any]] = row.pop("headers")
    headers = tuple((name, value) for name, value in pairs)
    return WebhookEndpoint(**{**row, "event_types": tuple(row["event_types"]), "keys": keys, "headers": headers})
