"""Where the app is: its public URL, and the address to which Ringback connects, as a tunnel would."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from ringback.service.bounded_dict import BoundedDict
from ringback.webhooks.urls import MAX_CACHED_URLS

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
WITHOUT_TLS = {"https": "http", "wss": "ws"}
FORWARDED_FOR = "203.0.113.1"  # a documentation address (RFC 5737), in place of one of Twilio's


class AppAddress:
    """Maps the app's URLs to the address at which the app listens.

    `app` is the base URL to connect to. `public` is the base URL under which the app is known, or "" if it is `app`."""

    def __init__(self, app: str, public: str = "") -> None:
        self.app = app
        self.names = [public] if public else []
        self._routes: BoundedDict[str, tuple[str, dict[str, str]]] = BoundedDict(MAX_CACHED_URLS)

    def move(self, app: str) -> None:
        """Changes the base URL at which the app listens. URLs under the previous one are still routed to the app."""
        self.names.append(self.app)
        self.app = app
        self._routes.clear()

    def route(self, url: str) -> tuple[str, dict[str, str]]:
        """Returns the URL to connect to for a valid http, https, ws or wss URL, and the headers that a tunnel adds.

        These URLs are routed to the app: URLs of the public host, with or without TLS; https and wss URLs of the app's
        own host and port, if the app listens without TLS; and URLs of its own host without a port. (Some apps omit
        the port because a tunnel's URL has none.) All other URLs are returned unchanged, without headers."""
        if url not in self._routes:
            self._routes[url] = self._find_route(url)
        dialed, headers = self._routes[url]
        return dialed, dict(headers)

    def _find_route(self, url: str) -> tuple[str, dict[str, str]]:
        parts = urlsplit(url)
        if not self._leads_to_app(parts):
            return url, {}
        app = urlsplit(self.app)
        scheme = parts.scheme if app.scheme == "https" else WITHOUT_TLS.get(parts.scheme, parts.scheme)
        rest = url[len(f"{parts.scheme}://{parts.netloc}") :]
        host = parts.netloc.rpartition("@")[2]
        headers = {
            "Host": host,
            "X-Forwarded-For": FORWARDED_FOR,
            "X-Forwarded-Host": host,
            "X-Forwarded-Proto": "https" if parts.scheme in WITHOUT_TLS else "http",
        }
        return f"{scheme}://{app.netloc}{rest}", headers

    def _leads_to_app(self, parts: SplitResult) -> bool:
        if parts.scheme not in DEFAULT_PORTS:
            return False
        app, wanted = urlsplit(self.app), _authority(parts)
        own = _authority(app)
        authorities = {_authority(urlsplit(name)) for name in self.names}
        if parts.scheme in WITHOUT_TLS and app.scheme == "http":
            authorities.add(own)
        if (parts.scheme, wanted) != (app.scheme, own):
            authorities.add((own[0], None))
        return wanted in authorities


def _authority(parts: SplitResult) -> tuple[str, int | None]:
    """The host (the same for all loopback names) and the port (None if it is the scheme's default)."""
    host = parts.hostname or ""
    port = parts.port
    return "localhost" if host in LOOPBACK_NAMES else host, None if port == DEFAULT_PORTS.get(parts.scheme) else port
