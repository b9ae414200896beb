"""Cookies as Twilio keeps them: a jar for each call and for each pair of numbers that exchange messages.

https://www.twilio.com/docs/messaging/twiml (2026-11)"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from math import inf
from urllib.parse import SplitResult, urlsplit

from ringback.service.clock import Clock

IDLE_SECONDS = 4 * 3600
MAX_JARS = 5000
Jar = dict[tuple[str, str, str], tuple[str, float]]  # by host, path and name: the value, and when the cookie expires


class CookieJars:
    """Cookie jars by name. A jar expires after four hours without use."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.jars: dict[str, tuple[float, Jar]] = {}

    def store(self, cookie_jar: str, url: str, set_cookies: list[str]) -> None:
        """Store the Set-Cookie headers of one response, unless `cookie_jar` is ""."""
        if not cookie_jar or not set_cookies:
            return
        cookies = self._cookies_of(cookie_jar)
        for line in set_cookies:
            self._store_one(cookies, urlsplit(url), line)
        self.jars.pop(cookie_jar, None)
        self.jars[cookie_jar] = (self.clock.time(), cookies)
        while len(self.jars) > MAX_JARS:
            self.jars.pop(next(iter(self.jars)))

    def header(self, cookie_jar: str, url: str) -> str:
        """The Cookie header for a request to `url`, or "" if no cookie matches. Restarts the jar's idle timeout."""
        cookies = self._cookies_of(cookie_jar)
        if not cookies:
            return ""
        self.jars[cookie_jar] = (self.clock.time(), cookies)
        parts = urlsplit(url)
        matching = [
            (path, f"{name}={value}")
            for (host, path, name), (value, expires) in cookies.items()
            if host == parts.hostname and _path_matches(path, parts.path or "/") and expires > self.clock.time()
        ]
        return "; ".join(pair for _, pair in sorted(matching, key=lambda cookie: -len(cookie[0])))

    def _cookies_of(self, cookie_jar: str) -> Jar:
        last_used, cookies = self.jars.get(cookie_jar, (0.0, {}))
        return cookies if self.clock.time() - last_used <= IDLE_SECONDS else {}

    def _store_one(self, cookies: Jar, parts: SplitResult, line: str) -> None:
        """RFC 6265, section 5.2: unknown attributes, such as Priority and Partitioned, are ignored."""
        pair, *rest = (part.strip().partition("=") for part in line.split(";"))
        name, equals, value = (text.strip() for text in pair)
        if not name or not equals:
            return
        attributes = {attribute.strip().lower(): text.strip() for attribute, _, text in rest}
        path = attributes.get("path", "")
        if not path.startswith("/"):
            path = parts.path.rpartition("/")[0] or "/"
        cookies[parts.hostname or "", path, name] = value, _expiry(attributes, self.clock.time())


def _expiry(attributes: dict[str, str], now: float) -> float:
    """When a cookie expires, as a Unix timestamp. Max-Age takes precedence: RFC 6265, section 5.3."""
    max_age = attributes.get("max-age", "")[:10]
    if max_age.removeprefix("-").isascii() and max_age.removeprefix("-").isdigit():
        return now + int(max_age)
    try:
        return parsedate_to_datetime(attributes.get("expires", "")).timestamp()
    except (ValueError, OverflowError):  # missing, or not a date
        return inf


def _path_matches(cookie_path: str, request_path: str) -> bool:
    """RFC 6265, section 5.1.4."""
    prefix = cookie_path if cookie_path.endswith("/") else cookie_path + "/"
    return request_path == cookie_path or request_path.startswith(prefix)
