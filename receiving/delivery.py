"""One webhook as it came over the wire, before anybody believed it."""

import hashlib
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl, unquote

MAX_FORM_FIELDS = 400  # Twilio sends about thirty; a thousand tiny fields are an attack


@dataclass(frozen=True)
class Delivery:
    """What was sent to us: `url` as the sender wrote it, header names in lower case, the body untouched.

    `replay_mark` is "" for a request from its sender, otherwise the kind and run of our replay: see replay_marker.py.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    received_at: float = field(default_factory=time.time)  # seconds since 1970
    replay_mark: str = ""

    @cached_property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def target(self) -> str:
        """Path and query, as they were sent. By hand: urlsplit raises on a Host header such as `[`."""
        return "/" + self.url.partition("://")[2].partition("/")[2].partition("#")[0]

    @property
    def redacted_path(self) -> str:
        """The path for logs and screens: what follows a provider's name under /webhooks/ is a secret."""
        parts = unquote(self.path).split("/")  # as the router reads it
        return "/".join(parts[:3]) + ("/…" if any(parts[3:]) else "") if parts[1:2] == ["webhooks"] else self.path

    @cached_property
    def fingerprint(self) -> str:
        """The body's SHA-256 in hexadecimal: its name when the sender gave it none."""
        return hashlib.sha256(self.body).hexdigest()

    def with_headers(self, **headers: str) -> "Delivery":
        """The same with these headers too; `_` in their names stands for `-`."""
        return replace(self, headers=self.headers | {name.replace("_", "-"): text for name, text in headers.items()})

    def with_url(self, url: str) -> "Delivery":
        """The same at another address; its form is not read again."""
        elsewhere = replace(self, url=url)
        elsewhere.__dict__["form"] = self.form
        return elsewhere

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The form fields of a POST in order, repeats and empty values included; none if its body is no form."""
        kind = self.headers.get("content-type", "").lower()
        if self.method != "POST" or not kind.startswith("application/x-www-form-urlencoded"):
            return []
        return _parse_fields(self.body.decode("utf-8", "replace"))

    @cached_property
    def query(self) -> dict[str, str]:
        """The URL's own parameters; of a repeated one the last."""
        return dict(_parse_fields(self.target.partition("?")[2]))

    @cached_property
    def params(self) -> dict[str, str]:
        """What the sender tells us: the form of a POST, the query of a GET; "" stands for what is missing."""
        return dict(self.form) if self.method == "POST" else self.query

    def __getitem__(self, name: str) -> str:
        """One parameter, "" when it is missing."""
        return self.params.get(name, "")


def _parse_fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        return []


def from_request(environ: dict[str, object], body: bytes, public_url: str, trusted_proxies: int) -> Delivery:
    """The delivery a WSGI request carries. `environ` is gunicorn's: RAW_URI holds the target as it was sent."""
    headers = {name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name[:5] == "HTTP_"}
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    url = (public_url or _origin(environ, headers, trusted_proxies)) + _target(environ)
    return Delivery(str(environ["REQUEST_METHOD"]), url, headers, body)


def _target(environ: dict[str, object]) -> str:
    """Path and query exactly as sent. Never request.url: Werkzeug decodes %27, %C3%A9 and %2F in it."""
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/")
    if raw.startswith("/"):
        return raw
    rest = raw.partition("://")[2]  # a proxy's absolute form: http://host/path
    return "/" + rest.partition("/")[2]


def _origin(environ: dict[str, object], headers: dict[str, str], trusted_proxies: int) -> str:
    """Scheme and host as the sender saw them; forwarded headers count only from as many proxies as are configured."""
    scheme = str(environ.get("wsgi.url_scheme", "http"))
    host = headers.get("host", "")
    if trusted_proxies:
        scheme = _forwarded_value(headers.get("x-forwarded-proto", ""), trusted_proxies) or scheme
        host = _forwarded_value(headers.get("x-forwarded-host", ""), trusted_proxies) or host
    return f"{scheme}://{host}"


def _forwarded_value(value: str, proxies: int) -> str:
    """What the outermost trusted proxy wrote: each proxy appends one value, so count from the right."""
    values = [part.strip() for part in value.split(",")]
    return values[-proxies] if len(values) >= proxies else values[0]
