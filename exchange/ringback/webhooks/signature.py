"""The X-Twilio-Signature header: https://www.twilio.com/docs/usage/security (2026-11)"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from urllib.parse import urlsplit, urlunsplit

from ringback.webhooks.urls import MAX_CACHED_URLS

Parameters = Iterable[tuple[str, str]]


def signature(token: str, url: str, parameters: Parameters = (), algorithm: str = "sha1") -> str:
    """The value of X-Twilio-Signature.

    `url` is the signed part of a requested URL. `parameters` are the decoded fields of a POST form; a GET has none."""
    base = url + "".join(chain.from_iterable(sorted(set(parameters))))
    digest = hmac.digest(token.encode(), base.encode(), algorithm)
    return base64.b64encode(digest).decode()


@lru_cache(maxsize=MAX_CACHED_URLS)
def signed_url(url: str, voice: bool) -> str:
    """The part of the URL that is signed: without userinfo or fragment and, for voice over https, without the port.

    Source: "A few notes" on ports and basic auth, https://www.twilio.com/docs/usage/security (2026-11)"""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if voice and parts.scheme == "https":
        host = _without_port(host)
    return urlunsplit((parts.scheme, host, parts.path, "", "")) + _query(url)


def _query(url: str) -> str:
    """The query string with its `?`, even if it is empty.

    urlunsplit would drop a lone `?`, and the signature would differ."""
    _, question_mark, query = url.partition("#")[0].partition("?")
    return question_mark + query


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
