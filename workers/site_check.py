"""Checks a website: whether it is up, how fast it responds, where it redirects, and when its certificate expires."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urljoin

from sending.http import urls
from sending.http.client import HttpClient, HttpResponse
from sending.http.errors import Cause, RequestFailed

MAX_REDIRECTS = 5  # followed one by one, because each URL must pass the SSRF checks
MAX_BODY_BYTES = 1_000
HOP_TIMEOUT_SECONDS = 10.0  # per hop
CERTIFICATE_WARNING_DAYS = 14


@dataclass(frozen=True)
class Hop:
    """One response. Times are in milliseconds since the start of this hop."""

    url: str
    status: int
    connect_ms: int
    tls_ms: int
    first_byte_ms: int


@dataclass(frozen=True)
class SiteCheck:
    """The result. `cause` and `reason` say why the last request failed. If none failed, the last hop is the site."""

    url: str
    hops: tuple[Hop, ...]
    certificate_ends: datetime | None = None
    cause: Cause | None = None
    reason: str = ""

    @property
    def is_up(self) -> bool:
        """Whether no request failed, and the last response was neither an error nor a redirect."""
        return self.cause is None and self.hops[-1].status < 300


def check_site(address: str, client: HttpClient) -> SiteCheck:
    """Request an address, with or without `https://`, and follow its redirects. Never raises."""
    url = address if "://" in address else f"https://{address}"
    hops: list[Hop] = []
    current, not_after = url, None
    try:
        while len(hops) <= MAX_REDIRECTS:
            current = client.normalize_url(current, http=True)
            response = client.request(
                "GET",
                current,
                total_timeout=HOP_TIMEOUT_SECONDS,
                max_kept_bytes=MAX_BODY_BYTES,
                http=True,
                new_connection=True,
            )
            hops.append(_hop(current, response))
            not_after = response.tls.not_after if response.tls else None
            target = _redirect_target(current, response)
            if target is None:
                return SiteCheck(url, tuple(hops), not_after)
            current = target
    except RequestFailed as error:
        return SiteCheck(current, tuple(hops), cause=error.cause, reason=error.detail)
    return SiteCheck(url, tuple(hops), not_after)


def summarize(check: SiteCheck, now: datetime | None = None) -> str:
    """Describe the result in one to three sentences, for texts and for speech."""
    redirects = _describe_redirects(check)
    if check.cause:
        return f"{redirects}{check.reason}"
    last = check.hops[-1]
    host = urls.host_of(last.url)
    certificate = _describe_certificate(last, check.certificate_ends, now or datetime.now(UTC))
    return f"{redirects}{_describe_status(host, last)}{certificate}"


def _hop(url: str, response: HttpResponse) -> Hop:
    timing = response.timing
    return Hop(url, response.status, *(round(1000 * part) for part in (timing.connect, timing.tls, timing.first_byte)))


def _redirect_target(url: str, response: HttpResponse) -> str | None:
    target = response.headers.get("location")
    if response.status not in (301, 302, 303, 307, 308) or not target:
        return None
    try:
        # Headers are decoded as Latin-1, but many servers send UTF-8.
        return urljoin(url, target.encode("latin-1").decode("utf-8", "replace"))
    except ValueError:
        raise RequestFailed("protocol", "It redirects to something that is not a web address.") from None


def _describe_redirects(check: SiteCheck) -> str:
    """Name the hosts of the redirects; redirects within one host are omitted."""
    hosts = [urls.host_of(hop.url) for hop in check.hops] + ([_host_or_empty(check.url)] if check.cause else [])
    seen = list(dict.fromkeys(hosts))
    return f"{seen[0]} redirects to {', then '.join(seen[1:])}. " if len(seen) > 1 else ""


def _describe_status(host: str, last: Hop) -> str:
    status = f"{last.status}, {_status_phrase(last.status)}"
    if last.status < 300:
        return f"{host} is up and answered in {_format_milliseconds(last.first_byte_ms)}."
    if last.status < 400:
        return f"{host} is up, but redirects too many times."
    if last.status < 500:
        return f"{host} is up, but answered {status}."
    return f"{host} is reachable, but answered {status}."


def _describe_certificate(last: Hop, ends: datetime | None, now: datetime) -> str:
    if ends is None:
        return " The connection is not encrypted." if last.url.startswith("http:") else ""
    days = (ends - now).days
    if days < CERTIFICATE_WARNING_DAYS:
        return f" Its certificate expires in {days} {'day' if days == 1 else 'days'}."
    return f" Its certificate is valid until {ends.day} {ends:%B %Y}."


def _host_or_empty(url: str) -> str:
    try:
        return urls.host_of(url)
    except ValueError:
        return ""


def _status_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "unknown status"


def _format_milliseconds(milliseconds: int) -> str:
    return f"{milliseconds} milliseconds" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} seconds"
