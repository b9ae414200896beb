"""The cookies of one endpoint that asked for them: a small jar of its own, sealed, thrown away with its key or address.

RFC 6265 by the standard library's policy, made stricter where the RFC's successor is. There is no list of public
suffixes; a jar only ever serves an endpoint's two addresses, so a cookie for all of `co.uk` would reach nobody else.
"""

import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import Request

from sending.webhooks.encryption import Encrypted, Encryption, WrongKey
from store import commit_if_unchanged, new_pipeline

MAX_COOKIES = 20  # cookies; the oldest goes when there are more
MAX_COOKIE_CHARACTERS = 4_096  # characters of a name and its value. RFC 6265 6.1
MAX_JAR_CHARACTERS = 8_192  # characters of all of them: many servers take no longer line
JAR_TTL_SECONDS = 30 * 24 * 3600  # seconds an untouched jar is kept
COOKIE_PATTERN = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


def redis_key(endpoint: str) -> str:
    """Where the jar of this endpoint lies in the store."""
    return f"endpoint:{endpoint}:cookies"


@dataclass(frozen=True)
class EndpointCookieJar:
    """`owner` names what the cookies were given to: the endpoint with its present addresses and keys."""

    redis: Any
    encryption: Encryption = field(repr=False)
    endpoint: str
    owner: str

    def cookie_header(self, url: str) -> str:
        """The Cookie header for this address, or ""."""
        cookies = self._read(self.redis.get(redis_key(self.endpoint)))
        if not cookies:
            return ""
        request = Request(url)  # noqa: S310 - nothing is opened here
        _build_cookie_jar(cookies).add_cookie_header(request)
        return request.get_header("Cookie") or ""

    def store_cookies(self, url: str, lines: Sequence[str]) -> None:
        """Take the Set-Cookie lines of an answer from this address. Of two answers at once, none is lost."""
        for _ in range(5):
            seen = self.redis.get(redis_key(self.endpoint)) or b""
            kept = _drop_excess(_apply_set_cookies(self._read(seen), url, lines))
            pipe = new_pipeline(self.redis)
            pipe.set(redis_key(self.endpoint), self._write(kept), ex=JAR_TTL_SECONDS)
            if commit_if_unchanged(self.redis, pipe, redis_key(self.endpoint), seen.decode()):
                return

    def _read(self, sealed: bytes | None) -> list[Cookie]:
        """Nothing from an earlier address or key, or sealed with a key that is gone: cookies are not worth a halt."""
        if not sealed:
            return []
        try:
            found = json.loads(self.encryption.decrypt(Encrypted(sealed.decode())))
        except WrongKey:
            return []
        return [Cookie(**row) for row in found["cookies"]] if found["owner"] == self.owner else []

    def _write(self, cookies: Iterable[Cookie]) -> Encrypted:
        rows = [{name.lstrip("_"): value for name, value in vars(cookie).items()} for cookie in cookies]
        return self.encryption.encrypt(json.dumps({"owner": self.owner, "cookies": rows}))


class StrictCookiePolicy(DefaultCookiePolicy):
    """A cookie without Domain goes back to its host alone; Secure and the name prefixes mean what they say."""

    def __init__(self) -> None:
        super().__init__(strict_domain=True, strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        """False for what could not be sent back as it is, too."""
        text = f"{cookie.name}={cookie.value or ''}"
        return (
            len(text) <= MAX_COOKIE_CHARACTERS
            and bool(COOKIE_PATTERN.fullmatch(text))
            and super().set_ok(cookie, request)
            and (request.type == "https" or not cookie.secure)
            and _satisfies_prefix(cookie)
        )


def _satisfies_prefix(cookie: Cookie) -> bool:
    name = cookie.name.lower()
    if name.startswith("__host-"):
        return bool(cookie.secure) and not cookie.domain_specified and cookie.path == "/"
    return bool(cookie.secure) or not name.startswith("__secure-")


class _ResponseHeaders:
    """As much of an answer as the standard library wants to see."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)

    def info(self) -> "_ResponseHeaders":
        return self

    def get_all(self, name: str, default: list[str]) -> list[str]:
        return self.lines if name == "Set-Cookie" else default


def _build_cookie_jar(cookies: Iterable[Cookie]) -> CookieJar:
    jar = CookieJar(StrictCookiePolicy())
    for cookie in cookies:
        jar.set_cookie(cookie)
    return jar


def _apply_set_cookies(known: list[Cookie], url: str, lines: Sequence[str]) -> list[Cookie]:
    """The cookies once these lines have come, in the order in which they were set."""
    jar, policy, request = _build_cookie_jar(known), StrictCookiePolicy(), Request(url)  # noqa: S310 - nothing is opened here
    made = jar.make_cookies(_ResponseHeaders(lines), request)  # type: ignore[arg-type]
    set_now = {_cookie_id(cookie): cookie for cookie in made if policy.set_ok(cookie, request)}
    left = {_cookie_id(cookie) for cookie in jar} - set(set_now)  # a line may also have ended one
    return [cookie for cookie in known if _cookie_id(cookie) in left] + list(set_now.values())


def _drop_excess(cookies: list[Cookie]) -> list[Cookie]:
    kept: list[Cookie] = []
    room = MAX_JAR_CHARACTERS
    for cookie in reversed([one for one in cookies if not one.is_expired(int(time.time()))][-MAX_COOKIES:]):
        room -= len(cookie.name) + len(cookie.value or "") + 3
        if room < 0:
            break
        kept.insert(0, cookie)
    return kept


def _cookie_id(cookie: Cookie) -> tuple[str, str, str]:
    return cookie.domain, cookie.path, cookie.name
