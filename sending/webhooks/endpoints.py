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

ENDPOINTS_KEY = "hooks"  # every subscriber's id, by when it was made
DUE_KEY = "hooks:due"  # those with something to send, by when
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
    """One endpoint. `state` is on, paused (by its owner: messages wait) or off (by us or by 410: none are kept).

    `kinds` are event types, `text.*` for a family; empty means all. `authorization` is the whole header value, kept out
    of the address. `owner` is told when we stop: a number in E.164, or "". `rate` is requests a second, 0: any.
    `payload` is full or thin. `sign_body` adds a signature of the body alone; `cookies` gives it a jar of its own;
    `event_filter` is the address of a list of its own that narrows `kinds`.
    """

    id: str
    url: str
    keys: tuple[SigningKey, ...]
    kinds: tuple[str, ...] = ()
    fallback: str = ""
    authorization: Encrypted | str = ""
    headers: tuple[tuple[str, Encrypted], ...] = ()
    owner: str = ""
    rate: int = 0
    at_once: int = DEFAULT_CONCURRENCY
    payload: str = "full"
    state: str = "on"
    why: str = ""
    made: float = 0.0
    sign_body: bool = False
    cookies: bool = False
    event_filter: str = ""

    def subscribes_to(self, kind: str) -> bool:
        """True when it has asked to hear of events of this kind."""
        return not self.kinds or matches_event_type(self.kinds, kind)

    def signing_keys(self, now: float) -> list[SigningKey]:
        """The keys that sign at this time, the newest first."""
        return [key for key in self.keys if not key.until or key.until > now]

    @property
    def identity_hash(self) -> str:
        """Changes with everything by which the receiver knows us: what it told us before is not for later."""
        shown = (self.authorization, self.headers, *(key.encrypted for key in self.keys[:1]))
        known = (self.url, self.fallback, *shown, self.cookies)
        return hashlib.sha256(repr(known).encode()).hexdigest()


def create(
    redis: Any,
    client: HttpClient,
    seal: Encryption,
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
    made = WebhookEndpoint(id=f"ep_{randomness.token_hex(8)}", url=url, keys=(_generate_key(seal),), made=now)
    subscriber = _validate(replace(made, **_encrypt_options(seal, wishes)), client, http)
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
    redis: Any, client: HttpClient, seal: Encryption, id: str, *, http: bool = False, **wishes: Any
) -> WebhookEndpoint:
    """The subscriber with these fields changed, checked like a new one. KeyError when there is none."""
    sealed = _encrypt_options(seal, wishes)
    return _update_record(redis, id, "updated", lambda known: _validate(replace(known, **sealed), client, http))


def rotate_key(
    redis: Any,
    seal: Encryption,
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
    fresh = _generate_key(seal, private)

    def rotated(known: WebhookEndpoint) -> WebhookEndpoint:
        old = [
            key if key.until else replace(key, until=now + overlap) for key in known.keys if _is_decryptable(seal, key)
        ]
        return _validate_signing(replace(known, keys=(fresh, *(key for key in old if key.until > now))))

    return _update_record(redis, id, "rotated", rotated)


def pause(redis: Any, id: str, why: str = "You paused it.") -> WebhookEndpoint:
    """Send nothing until it is resumed; what happens meanwhile is kept and sent then."""
    return _update_record(redis, id, "paused", lambda known: replace(known, state="paused", why=why))


def reencrypt(redis: Any, seal: Encryption, id: str) -> WebhookEndpoint:
    """Everything secret sealed with the newest SECRET_KEY, so that older ones may go. WrongKey when none opens it."""

    def renewed(known: WebhookEndpoint) -> WebhookEndpoint:
        authorization = seal.renew(Encrypted(known.authorization)) if known.authorization else ""
        headers = tuple((name, seal.renew(value)) for name, value in known.headers)
        keys = tuple(replace(key, encrypted=seal.renew(key.encrypted)) for key in known.keys)
        return replace(known, keys=keys, authorization=authorization, headers=headers)

    return _update_record(redis, id, "", renewed)


def resume(redis: Any, id: str, now: float | None = None) -> WebhookEndpoint:
    """Send again, after a pause or after we stopped, with a clean slate."""
    subscriber = _update_record(redis, id, "resumed", lambda known: replace(known, state="on", why=""))
    pipe = redis.pipeline()
    pipe.hset(_redis_key(id), mapping={"failures": 0, "hold": 0, "failing": 0})
    pipe.zadd(DUE_KEY, {id: now or time.time()})
    pipe.execute()
    return subscriber


def disable(redis: Any, id: str, why: str) -> WebhookEndpoint:
    """Disable it, with the sentence for its owner. What still waits for it is kept until it expires."""
    return _update_record(redis, id, "disabled", lambda known: replace(known, state="off", why=why))


def delete(redis: Any, id: str) -> None:
    """Forget it, and what was to be sent to it."""
    known, pipe = load(redis, id), redis.pipeline()
    pipe.delete(*(f"hook:{id}{part}" for part in ("", ":due", ":lanes", ":attempts", ":dead", ":cookies")))
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
    facts = {"endpoint": one.id, "host": urls.host_of(one.url), "event_types": list(one.kinds)}
    events.publish(pipe, f"endpoint.{what}", one.id, **facts, state=one.state, reason=one.why)


def _validate(wish: WebhookEndpoint, client: HttpClient, http: bool) -> WebhookEndpoint:
    """The same in plain form: addresses as the client accepts them, everything else within bounds."""
    reject_if(not wish.url, "Give an address to send to.")
    reject_if(
        not all(EVENT_FILTER_PATTERN.fullmatch(kind) for kind in wish.kinds),
        "Event types look like text.received or text.*.",
    )
    reject_if(not 1 <= wish.at_once <= MAX_CONCURRENCY, f"Between 1 and {MAX_CONCURRENCY} requests at once.")
    reject_if(wish.payload not in PAYLOAD_STYLES, "A payload is full or thin.")
    reject_if(wish.rate < 0, "The rate is in requests a second; 0 means any.")
    accept = partial(client.normalize_url, http=http)
    url, fallback, event_filter = (place and accept(place) for place in (wish.url, wish.fallback, wish.event_filter))
    # RFC 9111 4.4: a POST makes stale whatever is kept of the same address.
    reject_if(bool(event_filter) and event_filter in (url, fallback), "A list of wishes needs an address of its own.")
    return _validate_signing(replace(wish, url=url, fallback=fallback, event_filter=event_filter))


def _validate_signing(wish: WebhookEndpoint) -> WebhookEndpoint:
    """The same, if its newest key can do what it wants signed."""
    shared = wish.keys[0].scheme == signatures.SCHEME_HMAC
    reject_if(wish.sign_body and not shared, "A signature of the body alone needs a shared secret.")
    return wish


def _encrypt_options(seal: Encryption, wishes: dict[str, Any]) -> dict[str, Any]:
    """The same wishes, with what is secret in them checked and closed."""
    headers, authorization = dict(wishes.get("headers", ())), wishes.get("authorization", "")
    check_headers(headers, authorization)
    closed: dict[str, Any] = {"headers": tuple((name, seal.close(value)) for name, value in headers.items())}
    closed["authorization"] = seal.close(authorization) if authorization else ""
    return {name: closed.get(name, value) for name, value in wishes.items()}


def _generate_key(seal: Encryption, private: bool = False) -> SigningKey:
    key = signatures.generate_private_key() if private else signatures.generate_secret()
    return SigningKey(seal.close(key), signatures.scheme_of(key))


def _is_decryptable(seal: Encryption, key: SigningKey) -> bool:
    try:
        seal.open(key.encrypted)
    except WrongKey:
        return False
    return True


def matches_event_type(wishes: Iterable[str], kind: str) -> bool:
    """True when this kind, or its family, is among them."""
    return any(kind.startswith(wish[:-1]) if wish.endswith(".*") else kind == wish for wish in wishes)


def _redis_key(id: str) -> str:
    return f"hook:{id}"


def _serialize(subscriber: WebhookEndpoint) -> str:
    return json.dumps(asdict(subscriber), separators=(",", ":"))


def _parse(record: bytes) -> WebhookEndpoint:
    row = json.loads(record)
    keys = tuple(SigningKey(**key) for key in row.pop("keys"))
    pairs: Iterable[list[Any]] = row.pop("headers")
    headers = tuple((name, value) for name, value in pairs)
    return WebhookEndpoint(**{**row, "kinds": tuple(row["kinds"]), "keys": keys, "headers": headers})
