"""Cookies as Twilio keeps them: a jar for each call and for each pair of numbers that exchange messages.

https://www.twilio.com/docs/messaging/twiml (2026-11)"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from ringback.service.clock import Clock

IDLE_SECONDS = 4 * 3600
MAX_JARS = 5000


class CookieJars:
    """Cookie jars by name. A jar expires after four hours without use."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.jars: dict[str, tuple[float, dict[tuple[str, str, str], str]]] = {}

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
            for (host, path, name), value in cookies.items()
            if host == parts.hostname and _path_matches(path, parts.path or "/")
        ]
        return "; ".join(pair for _, pair in sorted(matching, key=lambda cookie: -len(cookie[0])))

    def _cookies_of(self, cookie_jar: str) -> dict[tuple[str, str, str], str]:
        last_used, cookies = self.jars.get(cookie_jar, (0.0, {}))
        return cookies if self.clock.time() - last_used <= IDLE_SECONDS else {}

    def _store_one(self, cookies: dict[tuple[str, str, str], str], parts: SplitResult, line: str) -> None:
        """RFC 6265, section 5.2: unknown attributes, such as Priority and Partitioned, are ignored."""
        pair, *rest = (part.strip().partition("=") for part in line.split(";"))
        name, equals, value = (text.strip() for text in pair)
        if not name or not equals:
            return
        attributes = {attribute.strip().lower(): text.strip() for attribute, _, text in rest}
        path = attributes.get("path", "")
        if not path.startswith("/"):
            path = parts.path.rpartition("/")[0] or "/"
        key = (parts.hostname or "", path, name)
        if attributes.get("max-age") in ("0", "-1") or "1970" in attributes.get("expires", ""):
            cookies.pop(key, None)
        else:
            cookies[key] = value


def _path_matches(cookie_path: str, request_path: str) -> bool:
    """RFC 6265, section 5.1.4."""
    prefix = cookie_path if cookie_path.endswith("/") else cookie_path + "/"
    return request_path == cookie_path or request_path.startswith(prefix)
