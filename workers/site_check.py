"""A look at a web site for somebody who asks: is it up, how fast, where does it lead, until when is it certified?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urljoin

from sending.http import urls
from sending.http.client import HttpClient, HttpResponse
from sending.http.errors import Cause, RequestFailed

MAX_REDIRECTS = 5  # followed by hand; each address on the way is checked like the first
MAX_BODY_BYTES = 1_000  # bytes of the page; a look needs its head only
HOP_TIMEOUT_SECONDS = 10.0  # seconds for each step; somebody is waiting
CERTIFICATE_WARNING_DAYS = 14  # days; a certificate that ends sooner is worth a word


@dataclass(frozen=True)
class Hop:
    """One answer on the way; times in milliseconds from the start of this step."""

    url: str
    status: int
    connect_ms: int
    tls_ms: int
    first_byte_ms: int


@dataclass(frozen=True)
class SiteCheck:
    """What was seen. Without a cause, the last step is the site itself."""

    url: str
    hops: tuple[Hop, ...]
    certificate_ends: datetime | None = None
    cause: Cause | None = None
    reason: str = ""


def check_site(address: str, client: HttpClient) -> SiteCheck:
    """Visit `address`, written as people write it (with or without https://), and say what happened. Never raises."""
    url = address if "://" in address else f"https://{address}"
    hops: list[Hop] = []
    here, certificate_ends = url, None
    try:
        while len(hops) <= MAX_REDIRECTS:
            here = client.normalize_url(here, http=True)
            reply = client.request(
                "GET",
                here,
                total_timeout=HOP_TIMEOUT_SECONDS,
                max_kept_bytes=MAX_BODY_BYTES,
                http=True,
                new_connection=True,
            )
            hops.append(_hop(here, reply))
            certificate_ends = reply.tls.not_after if reply.tls else None
            following = _redirect_target(here, reply)
            if following is None:
                return SiteCheck(url, tuple(hops), certificate_ends)
            here = following
    except RequestFailed as failure:
        return SiteCheck(here, tuple(hops), cause=failure.cause, reason=failure.detail)
    return SiteCheck(url, tuple(hops), certificate_ends)


def summarize(check: SiteCheck, now: datetime | None = None) -> str:
    """The look in one to three plain sentences, for a text as for the ear."""
    way = _describe_redirects(check)
    if check.cause:
        return f"{way}{_describe_failure(check)}"
    last = check.hops[-1]
    host = urls.host_of(last.url)
    certificate = _describe_certificate(last, check.certificate_ends, now or datetime.now(UTC))
    return f"{way}{_describe_status(host, last)}{certificate}"


def _hop(url: str, reply: HttpResponse) -> Hop:
    spent = reply.timing
    return Hop(url, reply.status, *(round(1000 * part) for part in (spent.connect, spent.tls, spent.first_byte)))


def _redirect_target(here: str, reply: HttpResponse) -> str | None:
    target = reply.headers.get("location")
    if reply.status not in (301, 302, 303, 307, 308) or not target:
        return None
    try:
        # Header bytes come as Latin-1; many servers mean UTF-8.
        return urljoin(here, target.encode("latin-1").decode("utf-8", "replace"))
    except ValueError:
        raise RequestFailed("protocol", "It sends people to something that is not a web address.") from None


def _describe_redirects(check: SiteCheck) -> str:
    """Which other hosts it led to; a redirect within one host is not worth a word."""
    hosts = [urls.host_of(step.url) for step in check.hops] + ([_host_or_empty(check.url)] if check.cause else [])
    seen = list(dict.fromkeys(hosts))
    return f"{seen[0]} sends people on to {', then '.join(seen[1:])}. " if len(seen) > 1 else ""


def _describe_status(host: str, last: Hop) -> str:
    said = f"{last.status}, {_status_phrase(last.status)}"
    if last.status < 300:
        return f"{host} is up and answered in {_format_milliseconds(last.first_byte_ms)}."
    if last.status < 400:
        return f"{host} is up, but sends people round and round."
    if last.status < 500:
        return f"{host} is up, but answered {said}."
    return f"{host} is there, but in trouble: it answered {said}."


def _describe_certificate(last: Hop, ends: datetime | None, now: datetime) -> str:
    if ends is None:
        return " It is not encrypted." if last.url.startswith("http:") else ""
    days = (ends - now).days
    if days < CERTIFICATE_WARNING_DAYS:
        return f" Its certificate ends in {days} {'day' if days == 1 else 'days'}."
    return f" Its certificate is good until {ends.day} {ends:%B %Y}."


def _describe_failure(check: SiteCheck) -> str:
    if check.reason.startswith("There is no such name"):
        return f"I couldn't find {_host_or_empty(check.url)}: there is no such name."
    return check.reason


def _host_or_empty(url: str) -> str:
    try:
        return urls.host_of(url)
    except ValueError:
        return ""


def _status_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "whatever that means"


def _format_milliseconds(milliseconds: int) -> str:
    return f"{milliseconds} milliseconds" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} seconds"
