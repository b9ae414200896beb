"""Cookies as Twilio keeps them: a jar for each call, and one for each pair of numbers that text; four idle hours."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import SplitResult, urlsplit

from ringback.service.clock import Clock

IDLE_SECONDS = 4 * 3600
MAX_JARS = 5000


class CookieJars:
    """Cookies by jar and host."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.jars: dict[str, tuple[float, dict[tuple[str, str, str], str]]] = {}

    def store(self, cookie_jar: str, url: str, set_cookies: list[str]) -> None:
        """Note what one answer set; an empty jar name keeps nothing."""
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
        """The Cookie header for that address, "" when there is nothing to send. Asking counts as activity."""
        cookies = self._cookies_of(cookie_jar)
        if not cookies:
            return ""
        self.jars[cookie_jar] = (self.clock.time(), cookies)
        parts = urlsplit(url)
        fitting = [
            (path, f"{name}={value}")
            for (host, path, name), value in cookies.items()
            if host == parts.hostname and _path_matches(path, parts.path or "/")
        ]
        return "; ".join(pair for _, pair in sorted(fitting, key=lambda found: -len(found[0])))

    def _cookies_of(self, cookie_jar: str) -> dict[tuple[str, str, str], str]:
        used, cookies = self.jars.get(cookie_jar, (0.0, {}))
        return cookies if self.clock.time() - used <= IDLE_SECONDS else {}

    def _store_one(self, cookies: dict[tuple[str, str, str], str], parts: SplitResult, line: str) -> None:
        try:
            morsels = SimpleCookie(line).values()
        except CookieError:
            return
        for morsel in morsels:
            path = morsel["path"] if str(morsel["path"]).startswith("/") else parts.path.rpartition("/")[0] or "/"
            key = (parts.hostname or "", path, morsel.key)
            if str(morsel["max-age"]) in ("0", "-1") or "1970" in str(morsel["expires"]):
                cookies.pop(key, None)
            else:
                cookies[key] = morsel.coded_value


def _path_matches(path: str, asked: str) -> bool:
    """RFC 6265, 5.1.4."""
    return asked == path or asked.startswith(path if path.endswith("/") else path + "/")
