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
from sending.http.client import Client
from sending.webhooks import signatures
from sending.webhooks.encryption import Seal, Sealed, WrongKey
from sending.webhooks.optional import cookies
from sending.webhooks.optional.custom_headers import Unacceptable as Unacceptable  # it is refused here as well
from sending.webhooks.optional.custom_headers import check_headers, refuse
from store import collect, commit

ALL = "hooks"  # every subscriber's id, by when it was made
DUE = "hooks:due"  # those with something to send, by when
OVERLAP = 24 * 3600  # seconds both keys sign during a rotation
AT_ONCE = 4  # requests to one endpoint at the same time
AT_ONCE_MOST = 20
PAYLOADS = ("full", "thin")
KIND = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*(\.\*)?")
ID = re.compile(r"ep_[0-9a-f]{16}")  # anything longer could be the name of what lies beside a subscriber


@dataclass(frozen=True)
class Key:
    """A signing key; it signs until `until` (seconds since 1970), or for good when that is 0."""

    sealed: Sealed
    scheme: str  # v1 or v1a
    until: float = 0.0


@dataclass(frozen=True)
class Subscriber:
    """One endpoint. `state` is on, paused (by its owner: messages wait) or off (by us or by 410: none are kept).

    `kinds` are event types, `text.*` for a family; empty means all. `authorization` is the whole header value, kept out
    of the address. `owner` is told when we stop: a number in E.164, or "". `rate` is requests a second, 0: any.
    `payload` is full or thin. `sign_body` adds a signature of the body alone; `cookies` gives it a jar of its own;
    `wish_list` is the address of a list of its own that narrows `kinds`.
    """

    id: str
    url: str
    keys: tuple[Key, ...]
    kinds: tuple[str, ...] = ()
    fallback: str = ""
    authorization: Sealed | str = ""
    headers: tuple[tuple[str, Sealed], ...] = ()
    owner: str = ""
    rate: int = 0
    at_once: int = AT_ONCE
    payload: str = "full"
    state: str = "on"
    why: str = ""
    made: float = 0.0
    sign_body: bool = False
    cookies: bool = False
    wish_list: str = ""

    def wants(self, kind: str) -> bool:
        """True when it has asked to hear of events of this kind."""
        return not self.kinds or covers(self.kinds, kind)

    def signing_keys(self, now: float) -> list[Key]:
        """The keys that sign at this time, the newest first."""
        return [key for key in self.keys if not key.until or key.until > now]

    @property
    def acquaintance(self) -> str:
        """Changes with everything by which the receiver knows us: what it told us before is not for later."""
        shown = (self.authorization, self.headers, *(key.sealed for key in self.keys[:1]))
        known = (self.url, self.fallback, *shown, self.cookies)
        return hashlib.sha256(repr(known).encode()).hexdigest()


def create(
    redis: Any, client: Client, seal: Seal, url: str, *, http: bool = False, now: float | None = None, **wishes: Any
) -> Subscriber:
    """A new subscriber with a secret of its own; Unacceptable or a blocked Failure when something is wrong with it.

    `client` knows which addresses may be tried; `http` allows unencrypted ones, for the demo. The values of
    `authorization` and `headers` come in plain words and are sealed here.
    """
    now = now or time.time()
    made = Subscriber(id=f"ep_{randomness.token_hex(8)}", url=url, keys=(_new_key(seal),), made=now)
    subscriber = _checked(replace(made, **_sealed(seal, wishes)), client, http)
    pipe = collect(redis)
    pipe.hset(_key(subscriber.id), mapping={"record": _write(subscriber), "state": subscriber.state})
    pipe.zadd(ALL, {subscriber.id: now})
    _tell(pipe, "created", subscriber)
    commit(redis, pipe, _key(subscriber.id), "", field="record")
    return subscriber


def load(redis: Any, id: str) -> Subscriber | None:
    """The subscriber with this id, if there is one."""
    record = redis.hget(_key(id), "record") if ID.fullmatch(id) else None
    return _read(record) if record else None


def everyone(redis: Any) -> Iterator[Subscriber]:
    """All subscribers, the oldest first."""
    ids = redis.zrange(ALL, 0, -1)
    for start in range(0, len(ids), 500):
        pipe = redis.pipeline(transaction=False)
        for id in ids[start : start + 500]:
            pipe.hget(_key(id.decode()), "record")
        yield from (_read(record) for record in pipe.execute() if record)


def update(redis: Any, client: Client, seal: Seal, id: str, *, http: bool = False, **wishes: Any) -> Subscriber:
    """The subscriber with these fields changed, checked like a new one. KeyError when there is none."""
    sealed = _sealed(seal, wishes)
    return _change(redis, id, "updated", lambda known: _checked(replace(known, **sealed), client, http))


def rotate(
    redis: Any, seal: Seal, id: str, *, private: bool = False, now: float | None = None, overlap: float = OVERLAP
) -> Subscriber:
    """A new key signs from now on, the present ones for `overlap` seconds more. `private` makes an ed25519 key.

    Present ones that nobody can open any more are dropped.
    """
    now = now or time.time()
    fresh = _new_key(seal, private)

    def rotated(known: Subscriber) -> Subscriber:
        old = [key if key.until else replace(key, until=now + overlap) for key in known.keys if _opens(seal, key)]
        return _fitting(replace(known, keys=(fresh, *(key for key in old if key.until > now))))

    return _change(redis, id, "rotated", rotated)


def pause(redis: Any, id: str, why: str = "You paused it.") -> Subscriber:
    """Send nothing until it is resumed; what happens meanwhile is kept and sent then."""
    return _change(redis, id, "paused", lambda known: replace(known, state="paused", why=why))


def renew(redis: Any, seal: Seal, id: str) -> Subscriber:
    """Everything secret sealed with the newest SECRET_KEY, so that older ones may go. WrongKey when none opens it."""

    def renewed(known: Subscriber) -> Subscriber:
        authorization = seal.renew(Sealed(known.authorization)) if known.authorization else ""
        headers = tuple((name, seal.renew(value)) for name, value in known.headers)
        keys = tuple(replace(key, sealed=seal.renew(key.sealed)) for key in known.keys)
        return replace(known, keys=keys, authorization=authorization, headers=headers)

    return _change(redis, id, "", renewed)


def resume(redis: Any, id: str, now: float | None = None) -> Subscriber:
    """Send again, after a pause or after we stopped, with a clean slate."""
    subscriber = _change(redis, id, "resumed", lambda known: replace(known, state="on", why=""))
    pipe = redis.pipeline()
    pipe.hset(_key(id), mapping={"failures": 0, "hold": 0, "failing": 0})
    pipe.zadd(DUE, {id: now or time.time()})
    pipe.execute()
    return subscriber


def stop(redis: Any, id: str, why: str) -> Subscriber:
    """Disable it, with the sentence for its owner. What still waits for it is kept until it expires."""
    return _change(redis, id, "disabled", lambda known: replace(known, state="off", why=why))


def delete(redis: Any, id: str) -> None:
    """Forget it, and what was to be sent to it."""
    known, pipe = load(redis, id), redis.pipeline()
    pipe.delete(*(f"hook:{id}{part}" for part in ("", ":due", ":lanes", ":attempts", ":dead", ":cookies")))
    pipe.zrem(ALL, id)
    pipe.zrem(DUE, id)
    if known:
        _tell(pipe, "deleted", known)
    pipe.execute()


def _change(redis: Any, id: str, what: str, change: Any) -> Subscriber:
    """Read, change, write and, if it is `what` for somebody, tell; again if somebody else was faster."""
    for _ in range(20):
        record = redis.hget(_key(id), "record") if ID.fullmatch(id) else None
        if record is None:
            raise KeyError(id)
        known = _read(record)
        changed: Subscriber = change(known)
        pipe = collect(redis)
        if changed.acquaintance != known.acquaintance:
            pipe.delete(cookies.key_of(id))
        pipe.hset(_key(id), mapping={"record": _write(changed), "state": changed.state})
        if what:
            _tell(pipe, what, changed)
        if commit(redis, pipe, _key(id), record.decode(), field="record"):
            return changed
    raise RuntimeError(f"Subscriber {id} changes too often to be changed.")


def _tell(pipe: Any, what: str, one: Subscriber) -> None:
    """Nothing secret: what is told here goes out to others who may hear of it."""
    facts = {"subscriber": one.id, "host": urls.host_of(one.url), "kinds": list(one.kinds)}
    events.publish(pipe, f"subscriber.{what}", one.id, **facts, state=one.state, why=one.why)


def _checked(wish: Subscriber, client: Client, http: bool) -> Subscriber:
    """The same in plain form: addresses as the client accepts them, everything else within bounds."""
    refuse(not wish.url, "Give an address to send to.")
    refuse(not all(KIND.fullmatch(kind) for kind in wish.kinds), "Event types look like text.received or text.*.")
    refuse(not 1 <= wish.at_once <= AT_ONCE_MOST, f"Between 1 and {AT_ONCE_MOST} requests at once.")
    refuse(wish.payload not in PAYLOADS, "A payload is full or thin.")
    refuse(wish.rate < 0, "The rate is in requests a second; 0 means any.")
    accept = partial(client.accept, http=http)
    url, fallback, wish_list = (place and accept(place) for place in (wish.url, wish.fallback, wish.wish_list))
    # RFC 9111 4.4: a POST makes stale whatever is kept of the same address.
    refuse(bool(wish_list) and wish_list in (url, fallback), "A list of wishes needs an address of its own.")
    return _fitting(replace(wish, url=url, fallback=fallback, wish_list=wish_list))


def _fitting(wish: Subscriber) -> Subscriber:
    """The same, if its newest key can do what it wants signed."""
    shared = wish.keys[0].scheme == signatures.SCHEME_SHARED
    refuse(wish.sign_body and not shared, "A signature of the body alone needs a shared secret.")
    return wish


def _sealed(seal: Seal, wishes: dict[str, Any]) -> dict[str, Any]:
    """The same wishes, with what is secret in them checked and closed."""
    headers, authorization = dict(wishes.get("headers", ())), wishes.get("authorization", "")
    check_headers(headers, authorization)
    closed: dict[str, Any] = {"headers": tuple((name, seal.close(value)) for name, value in headers.items())}
    closed["authorization"] = seal.close(authorization) if authorization else ""
    return {name: closed.get(name, value) for name, value in wishes.items()}


def _new_key(seal: Seal, private: bool = False) -> Key:
    key = signatures.new_private_key() if private else signatures.new_secret()
    return Key(seal.close(key), signatures.scheme(key))


def _opens(seal: Seal, key: Key) -> bool:
    try:
        seal.open(key.sealed)
    except WrongKey:
        return False
    return True


def covers(wishes: Iterable[str], kind: str) -> bool:
    """True when this kind, or its family, is among them."""
    return any(kind.startswith(wish[:-1]) if wish.endswith(".*") else kind == wish for wish in wishes)


def _key(id: str) -> str:
    return f"hook:{id}"


def _write(subscriber: Subscriber) -> str:
    return json.dumps(asdict(subscriber), separators=(",", ":"))


def _read(record: bytes) -> Subscriber:
    row = json.loads(record)
    keys = tuple(Key(**key) for key in row.pop("keys"))
    pairs: Iterable[list[Any]] = row.pop("headers")
    headers = tuple((name, value) for name, value in pairs)
    return Subscriber(**{**row, "kinds": tuple(row["kinds"]), "keys": keys, "headers": headers})
