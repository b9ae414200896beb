"""A look at a web site for somebody who asks: is it up, how fast, where does it lead, until when is it certified?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urljoin

from sending.http import urls
from sending.http.client import Client, Reply
from sending.http.errors import Cause, Failure

REDIRECTS = 5  # followed by hand; each address on the way is checked like the first
ENOUGH = 1_000  # bytes of the page; a look needs its head only
FINISH_WITHIN = 10.0  # seconds for each step; somebody is waiting
SOON = 14  # days; a certificate that ends sooner is worth a word


@dataclass(frozen=True)
class Step:
    """One answer on the way; times in milliseconds from the start of this step."""

    url: str
    status: int
    connect: int
    secure: int
    first_byte: int


@dataclass(frozen=True)
class Look:
    """What was seen. Without a cause, the last step is the site itself."""

    url: str
    steps: tuple[Step, ...]
    certificate_ends: datetime | None = None
    cause: Cause | None = None
    reason: str = ""


def look(address: str, client: Client) -> Look:
    """Visit `address`, written as people write it (with or without https://), and say what happened. Never raises."""
    url = address if "://" in address else f"https://{address}"
    steps: list[Step] = []
    here, certificate_ends = url, None
    try:
        while len(steps) <= REDIRECTS:
            here = client.accept(here, http=True)
            reply = client.request("GET", here, finish_within=FINISH_WITHIN, keep_at_most=ENOUGH, http=True, fresh=True)
            steps.append(_step(here, reply))
            certificate_ends = reply.tls.ends if reply.tls else None
            following = _following(here, reply)
            if following is None:
                return Look(url, tuple(steps), certificate_ends)
            here = following
    except Failure as failure:
        return Look(here, tuple(steps), cause=failure.cause, reason=failure.sentence)
    return Look(url, tuple(steps), certificate_ends)


def sentence(look: Look, now: datetime | None = None) -> str:
    """The look in one to three plain sentences, for a text as for the ear."""
    way = _way(look)
    if look.cause:
        return f"{way}{_trouble(look)}"
    last = look.steps[-1]
    host = urls.host_of(last.url)
    return f"{way}{_health(host, last)}{_certificate(last, look.certificate_ends, now or datetime.now(UTC))}"


def _step(url: str, reply: Reply) -> Step:
    spent = reply.timing
    return Step(url, reply.status, *(round(1000 * part) for part in (spent.connect, spent.secure, spent.first_byte)))


def _following(here: str, reply: Reply) -> str | None:
    target = reply.headers.get("location")
    if reply.status not in (301, 302, 303, 307, 308) or not target:
        return None
    try:
        # Header bytes come as Latin-1; many servers mean UTF-8.
        return urljoin(here, target.encode("latin-1").decode("utf-8", "replace"))
    except ValueError:
        raise Failure("protocol", "It sends people to something that is not a web address.") from None


def _way(look: Look) -> str:
    """Which other hosts it led to; a redirect within one host is not worth a word."""
    hosts = [urls.host_of(step.url) for step in look.steps] + ([_host(look.url)] if look.cause else [])
    seen = list(dict.fromkeys(hosts))
    return f"{seen[0]} sends people on to {', then '.join(seen[1:])}. " if len(seen) > 1 else ""


def _health(host: str, last: Step) -> str:
    said = f"{last.status}, {_phrase(last.status)}"
    if last.status < 300:
        return f"{host} is up and answered in {_time(last.first_byte)}."
    if last.status < 400:
        return f"{host} is up, but sends people round and round."
    if last.status < 500:
        return f"{host} is up, but answered {said}."
    return f"{host} is there, but in trouble: it answered {said}."


def _certificate(last: Step, ends: datetime | None, now: datetime) -> str:
    if ends is None:
        return " It is not encrypted." if last.url.startswith("http:") else ""
    days = (ends - now).days
    if days < SOON:
        return f" Its certificate ends in {days} {'day' if days == 1 else 'days'}."
    return f" Its certificate is good until {ends.day} {ends:%B %Y}."


def _trouble(look: Look) -> str:
    if look.reason.startswith("There is no such name"):
        return f"I couldn't find {_host(look.url)}: there is no such name."
    return look.reason


def _host(url: str) -> str:
    try:
        return urls.host_of(url)
    except ValueError:
        return ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return "whatever that means"


def _time(milliseconds: int) -> str:
    return f"{milliseconds} milliseconds" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} seconds"
