"""HTTPS behind reverse proxies: which proxy headers are trusted, and which requests are redirected to HTTPS."""

from collections.abc import Collection

from flask import Flask, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

import config


def init_app(app: Flask, settings: config.Settings, pages: Collection[str]) -> None:
    """Apply the rules. `pages` are the names of the blueprints that serve browsers. Call this before adding routes."""
    # Otherwise Werkzeug would redirect /sms//, with the Host header in the URL.
    app.url_map.merge_slashes = app.url_map.strict_slashes = False
    if settings.trusted_proxies:
        _trust_proxies(app, settings.trusted_proxies)
    if settings.is_public_https and settings.trusted_proxies:
        _redirect_pages(app, settings, pages)


def _trust_proxies(app: Flask, count: int) -> None:
    """Trust the headers of this many reverse proxies for the client's address and the scheme."""
    app.wsgi_app = ProxyFix(app.wsgi_app, count, count, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]


def _redirect_pages(app: Flask, settings: config.Settings, pages: Collection[str]) -> None:
    """Redirect pages from HTTP to HTTPS. Webhooks are never redirected: their signatures would fail."""

    def redirect_to_https() -> BaseResponse | None:
        # Health checks do not pass through the proxy, so they lack its header.
        is_proxied = "X-Forwarded-Proto" in request.headers
        is_page = request.blueprint in pages and request.method in ("GET", "HEAD")
        if is_proxied and is_page and not request.is_secure:
            return redirect(settings.public_url + request.full_path.rstrip("?"), 308)
        return None

    app.before_request(redirect_to_https)
