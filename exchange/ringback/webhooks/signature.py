"""Twilio's signature over the request as it goes over the wire."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

Parameters = Iterable[tuple[str, str]]


def signature(token: str, url: str, parameters: Parameters = (), algorithm: str = "sha1") -> str:
    """The value of X-Twilio-Signature. `url` exactly as requested; `parameters` those of a POSTed form, decoded."""
    base = url + "".join(name + value for name, value in sorted(set(parameters)))
    digest = hmac.new(token.encode(), base.encode(), algorithm).digest()
    return base64.b64encode(digest).decode()


def signed_url(url: str, voice: bool) -> str:
    """What of the URL is signed: never userinfo and fragment; over https a voice webhook also loses the port.

    Source: Twilio's security page ("A few notes" on ports and basic auth)."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if voice and parts.scheme == "https":
        host = _without_port(host)
    return urlunsplit((parts.scheme, host, parts.path, "", "")) + _query(url)


def _query(url: str) -> str:
    """From the `?` on, also when nothing follows it: urlunsplit would drop that and change the signature."""
    _, mark, query = url.partition("#")[0].partition("?")
    return mark + query


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
