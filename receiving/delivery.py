"""One webhook request: as received, before it is verified, or as a sender would make it."""

import hashlib
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlencode

from receiving.body_parsing import parse_form
from receiving.rejection_reasons import InvalidNumber, InvalidSid

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
SID_PATTERN = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
NUMBER_PATTERN = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Delivery:
    """A request. `url` is the URL that the sender used; header names are lower-case; the body is unchanged.

    `replay_mark` is "" for a request from its sender; for a replay, the mode and the run id: see replay_marker.py.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    received_at: float = field(default_factory=time.time)  # Unix timestamp in seconds
    replay_mark: str = ""

    @cached_property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def target(self) -> str:
        """The path and query as sent. Does not use urlsplit, which raises ValueError for a Host header such as `[`."""
        return "/" + self.url.partition("://")[2].partition("/")[2].partition("#")[0]

    @property
    def redacted_path(self) -> str:
        """The path for logs and pages. What follows /webhooks/<provider>/ is a secret, so it is replaced with `…`."""
        parts = unquote(self.path).split("/")  # decoded, as Werkzeug's router does
        return "/".join(parts[:3]) + ("/…" if any(parts[3:]) else "") if parts[1:2] == ["webhooks"] else self.path

    @cached_property
    def fingerprint(self) -> str:
        """The hexadecimal SHA-256 of the body; identifies the delivery if the sender gave it no id."""
        return hashlib.sha256(self.body).hexdigest()

    def with_headers(self, **headers: str) -> "Delivery":
        """Return a copy with these headers added; `_` in their names stands for `-`."""
        return replace(self, headers=self.headers | {name.replace("_", "-"): text for name, text in headers.items()})

    def with_url(self, url: str) -> "Delivery":
        """Return a copy with another URL. Keeps the parsed form, so that it need not be parsed again."""
        copy = replace(self, url=url)
        copy.__dict__["form"] = self.form
        return copy

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The form fields of a POST in order, including repeated and empty ones; [] if the body is not a form."""
        content_type = self.headers.get("content-type", "").lower()
        if self.method != "POST" or not content_type.startswith(FORM_CONTENT_TYPE):
            return []
        return parse_form(self.body.decode("utf-8", "replace"))

    @cached_property
    def query(self) -> dict[str, str]:
        """The URL parameters. If one is repeated, its first value counts, as in Twilio's library."""
        return dict(reversed(parse_form(self.target.partition("?")[2])))

    @cached_property
    def params(self) -> dict[str, str]:
        """The form fields of a POST, or the query parameters of a GET."""
        return dict(self.form) if self.method == "POST" else self.query

    def __getitem__(self, name: str) -> str:
        """Return one parameter, or "" if it is missing."""
        return self.params.get(name, "")

    def sid(self, name: str, *prefixes: str) -> str:
        """Return a parameter that is a SID with one of these prefixes. Raises InvalidSid."""
        sid = self[name]
        if sid[:2] not in prefixes or not SID_PATTERN.fullmatch(sid):
            raise InvalidSid(name)
        return sid

    def query_number(self, name: str, default: int) -> int:
        """Return the value of an integer URL parameter, which must be below 10**9. Raises InvalidNumber."""
        text = self.query.get(name, str(default))
        if not NUMBER_PATTERN.fullmatch(text):
            raise InvalidNumber(name)
        return int(text)


def from_request(environ: dict[str, object], body: bytes, public_url: str) -> Delivery:
    """Return the delivery from a WSGI request. Without a `public_url`, its URL has the request's scheme and host."""
    headers = {name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name[:5] == "HTTP_"}
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    origin = public_url or f"{environ.get('wsgi.url_scheme', 'http')}://{headers.get('host', '')}"
    return Delivery(str(environ["REQUEST_METHOD"]), origin + _target(environ), headers, body)


def _target(environ: dict[str, object]) -> str:
    """Return the path and query exactly as sent; Werkzeug's request.url has been decoded and re-encoded."""
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/")
    if raw.startswith("/"):
        return raw
    rest = raw.partition("://")[2]  # the absolute form (http://host/path), which clients send to proxies
    return "/" + rest.partition("/")[2]


def make_json_delivery(url: str, data: Any, **headers: str) -> Delivery:
    """Return a POST with this data as JSON; `_` in header names stands for `-`."""
    body = json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
    return Delivery("POST", url, {"content-type": "application/json"}, body).with_headers(**headers)


def make_form_delivery(url: str, fields: Iterable[tuple[str, str]], **headers: str) -> Delivery:
    """Return a POST with these fields as a form; `_` in header names stands for `-`."""
    body = urlencode(list(fields)).encode()
    return Delivery("POST", url, {"content-type": FORM_CONTENT_TYPE}, body).with_headers(**headers)
