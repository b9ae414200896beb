"""An endpoint's cookie jar: small, encrypted, and discarded when the endpoint's credentials or URLs change.

Follows RFC 6265 through the standard library's policy, and RFC 6265bis where it is stricter. No list of public suffixes
is needed: a jar serves only one endpoint's URLs, so a cookie for all of `co.uk` reaches no other server.
"""

import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from urllib.request import Request

from sending.webhooks.encryption import Encrypted, Encryption, WrongKey
from store import Store, commit_if_unchanged, new_pipeline

MAX_COOKIES = 20  # the oldest is dropped first
MAX_COOKIE_CHARACTERS = 4_096  # for name and value together: RFC 6265, section 6.1
MAX_JAR_CHARACTERS = 8_192  # for the Cookie header, because many servers reject longer lines
JAR_TTL_SECONDS = 30 * 24 * 3600  # after the last change
MAX_STORE_ATTEMPTS = 5
COOKIE_PATTERN = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


def redis_key(endpoint_id: str) -> str:
    """Return the Redis key of the endpoint's jar."""
    return f"endpoint:{endpoint_id}:cookies"


@dataclass(frozen=True)
class EndpointCookieJar:
    """One endpoint's jar. Cookies stored under another `identity_hash` are ignored."""

    redis: Store
    encryption: Encryption = field(repr=False)
    endpoint_id: str
    identity_hash: str

    def cookie_header(self, url: str) -> str:
        """Return the Cookie header for this URL, or ""."""
        cookies = self._decrypt(self.redis.get(redis_key(self.endpoint_id)))
        if not cookies:
            return ""
        request = Request(url)  # noqa: S310 (it is not opened)
        _build_cookie_jar(cookies).add_cookie_header(request)
        return request.get_header("Cookie") or ""

    def store_cookies(self, url: str, set_cookie: Sequence[str]) -> None:
        """Store the cookies from a response's Set-Cookie headers. Concurrent responses do not overwrite each other.

        Gives up after MAX_STORE_ATTEMPTS concurrent changes.
        """
        for _ in range(MAX_STORE_ATTEMPTS):
            stored = self.redis.get(redis_key(self.endpoint_id)) or b""
            cookies = _drop_excess(_apply_set_cookies(self._decrypt(stored), url, set_cookie))
            pipe = new_pipeline(self.redis)
            pipe.set(redis_key(self.endpoint_id), self._encrypt(cookies), ex=JAR_TTL_SECONDS)
            if commit_if_unchanged(self.redis, pipe, redis_key(self.endpoint_id), stored.decode()):
                return

    def _decrypt(self, stored: bytes | None) -> list[Cookie]:
        """Return the stored cookies. A jar that cannot be decrypted counts as empty, since cookies are optional."""
        if not stored:
            return []
        try:
            jar = json.loads(self.encryption.decrypt(Encrypted(stored.decode())))
        except WrongKey:
            return []
        return [Cookie(**row) for row in jar["cookies"]] if jar["identity_hash"] == self.identity_hash else []

    def _encrypt(self, cookies: Iterable[Cookie]) -> Encrypted:
        rows = [{name.lstrip("_"): value for name, value in vars(cookie).items()} for cookie in cookies]
        return self.encryption.encrypt(json.dumps({"identity_hash": self.identity_hash, "cookies": rows}))


class StrictCookiePolicy(DefaultCookiePolicy):
    """Sends a cookie without a Domain attribute only to its host, and enforces Secure and the name prefixes."""

    def __init__(self) -> None:
        super().__init__(strict_domain=True, strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        """Return whether the cookie may be stored. We must be able to send its value back unchanged."""
        text = f"{cookie.name}={cookie.value or ''}"
        return (
            len(text) <= MAX_COOKIE_CHARACTERS
            and bool(COOKIE_PATTERN.fullmatch(text))
            and super().set_ok(cookie, request)
            and (request.type == "https" or not cookie.secure)
            and _satisfies_prefix(cookie)
        )


def _satisfies_prefix(cookie: Cookie) -> bool:
    """Return whether the cookie has the attributes that its name prefix requires: RFC 6265bis, section 4.1.3."""
    name = cookie.name.lower()
    if name.startswith("__host-"):
        return bool(cookie.secure) and not cookie.domain_specified and cookie.path == "/"
    return bool(cookie.secure) or not name.startswith("__secure-")


class _ResponseHeaders:
    """The part of a response that `CookieJar.make_cookies` needs."""

    def __init__(self, set_cookie: Sequence[str]) -> None:
        self.set_cookie = list(set_cookie)

    def info(self) -> "_ResponseHeaders":
        return self

    def get_all(self, name: str, default: list[str]) -> list[str]:
        return self.set_cookie if name == "Set-Cookie" else default


def _build_cookie_jar(cookies: Iterable[Cookie]) -> CookieJar:
    jar = CookieJar(StrictCookiePolicy())
    for cookie in cookies:
        jar.set_cookie(cookie)
    return jar


def _apply_set_cookies(known: list[Cookie], url: str, set_cookie: Sequence[str]) -> list[Cookie]:
    """Return the cookies after applying these Set-Cookie headers, oldest first."""
    jar, policy, request = _build_cookie_jar(known), StrictCookiePolicy(), Request(url)  # noqa: S310 (it is not opened)
    parsed = jar.make_cookies(_ResponseHeaders(set_cookie), request)  # type: ignore[arg-type]
    new = {_cookie_id(cookie): cookie for cookie in parsed if policy.set_ok(cookie, request)}
    kept = {_cookie_id(cookie) for cookie in jar} - set(new)  # make_cookies has removed those that a header expired
    return [cookie for cookie in known if _cookie_id(cookie) in kept] + list(new.values())


def _drop_excess(cookies: list[Cookie]) -> list[Cookie]:
    """Return as many of the newest cookies as the limits allow, oldest first."""
    kept: list[Cookie] = []
    available = MAX_JAR_CHARACTERS
    for cookie in reversed([each for each in cookies if not each.is_expired(int(time.time()))][-MAX_COOKIES:]):
        available -= len(cookie.name) + len(cookie.value or "") + len("=; ")
        if available < 0:
            break
        kept.insert(0, cookie)
    return kept


def _cookie_id(cookie: Cookie) -> tuple[str, str, str]:
    return cookie.domain, cookie.path, cookie.name
