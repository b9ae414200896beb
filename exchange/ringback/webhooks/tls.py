"""The TLS context for requests to the app.

https://www.twilio.com/docs/usage/webhooks/webhooks-security (2026-11)"""

from __future__ import annotations

import ssl
from functools import cache


def tls_context(url: str) -> ssl.SSLContext | bool:
    """Returns a context that trusts the system's certificate authorities, or True if the URL needs none.

    aiohttp's own default context has no authorities: see __main__.py."""
    return _context() if url.startswith(("https:", "wss:")) else True


@cache
def _context() -> ssl.SSLContext:
    """Created when it is first needed, because loading the authorities takes long."""
    return ssl.create_default_context()
