"""One webhook as Twilio means it: the request to make, its connection overrides, and the answer that came."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urljoin, urlsplit, urlunsplit

MOST_BYTES = 64 * 1024
RETRYABLE = {"4xx", "5xx", "ct", "rt", "all"}
UNTOUCHED = "!#$%&'()*+,/:;=?@[]~"  # what a URL may hold besides letters, digits and -._


@dataclass(frozen=True)
class Webhook:
    """What is to be asked. `channel` is voice, sms, status (callbacks) or media; `jar` names the cookies it shares.

    `lasts` are seconds that its body takes on its way, drop by drop."""

    url: str
    method: str = "POST"
    parameters: tuple[tuple[str, str], ...] = ()
    channel: str = "voice"
    jar: str = ""
    sid: str = ""
    most_bytes: int = MOST_BYTES
    lasts: float = 0.0


@dataclass
class Answer:
    """What came of it. `error` is Twilio's number when nothing usable came, and `why` says more."""

    url: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    error: int | None = None
    why: str = ""
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'") or None
        return None

    def shown(self) -> dict[str, Any]:
        """As the debugger shows it."""
        text = self.body[:4000].decode("utf-8", "replace")
        return {"status": self.status, "headers": self.headers, "body": text, "seconds": round(self.seconds, 3)}


@dataclass(frozen=True)
class Overrides:
    """The connection overrides of a URL's fragment (`#rc=2&rp=5xx`), in seconds, within Twilio's ranges."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    unknown: str = ""

    @classmethod
    def of(cls, url: str) -> Overrides:
        given = dict(parse_qsl(urlsplit(url).fragment))
        policy = frozenset(given.get("rp", "ct").split(","))
        unknown = ",".join(sorted(policy - RETRYABLE))
        return cls(
            connect=_seconds(given.get("ct"), 5.0, 10.0),
            read=_seconds(given.get("rt"), 15.0, 15.0),
            total=_seconds(given.get("tt"), 15.0, 15.0),
            retries=_whole(given.get("rc"), 1, 5),
            policy=policy & RETRYABLE or frozenset({"ct"}),
            unknown=unknown,
        )

    def retries_after(self, reason: str) -> bool:
        return "all" in self.policy or reason in self.policy


def join(base: str, address: str) -> str:
    """An address as a document at `base` means it; one that is no address at all stays as it is, to be refused."""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return address.strip()


def form(parameters: tuple[tuple[str, str], ...]) -> str:
    """The parameters as a form's body, or as a query."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in parameters)


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    """Names and most values are the same in every request."""
    return quote_plus(text)


def wire_url(url: str, parameters: tuple[tuple[str, str], ...] = ()) -> str:
    """The URL as it is requested: ASCII, no fragment, and for GET the parameters after the query."""
    parts = urlsplit(_ascii(url))
    query = "&".join(part for part in (parts.query, form(parameters)) if part)
    path = parts.path or "/"
    if not parameters and not parts.query and url.partition("#")[0].endswith("?"):
        path += "?"
    return urlunsplit((parts.scheme.lower(), parts.netloc, path, query, ""))


def without_userinfo(url: str) -> tuple[str, str, str]:
    """(url, user, password), the latter decoded; "" where there is none."""
    parts = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=host)), unquote(user), unquote(password)


def _ascii(url: str) -> str:
    """Spaces and other letters become %-sequences; what is already encoded stays as it is, byte for byte."""
    url = url.strip()
    parts = urlsplit(url)
    host = parts.netloc
    if not host.isascii():
        name, at, rest = host.rpartition("@")
        host = name + at + rest.encode("idna").decode()
    return quote(urlunsplit(parts._replace(netloc=host)), safe=UNTOUCHED)


def _seconds(milliseconds: str | None, default: float, most: float) -> float:
    if not milliseconds or not (milliseconds.isascii() and milliseconds.isdigit()):
        return default
    return min(max(int(milliseconds) / 1000, 0.1), most)


def _whole(text: str | None, default: int, most: int) -> int:
    return min(int(text), most) if text and text.isascii() and text.isdigit() else default
