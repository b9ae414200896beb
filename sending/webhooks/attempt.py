"""One attempt at one webhook: signed, sent, and written down as it was."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sending.http.client import Client, Reply
from sending.http.errors import Failure
from sending.webhooks import outcomes, signatures
from sending.webhooks.credentials import Credentials
from sending.webhooks.endpoints import Subscriber
from sending.webhooks.outcomes import Meaning

KEEP = 2_000  # bytes of the answer's body that are kept
# Of the answer: what helps to find faults, and what the receiver wants of us.
ANSWER_HEADERS = ("content-type", "date", "location", "retry-after", "server", outcomes.STEERING)
AT_ONCE_AGAIN = 1.0  # seconds: what broke sooner than this is tried once more at once, as a stale connection breaks


@dataclass(frozen=True)
class Message:
    """What is to be sent, as it was claimed: `tries` counts this attempt too, `sequence` counts per subscriber."""

    id: str
    kind: str
    body: bytes
    sequence: int
    tries: int


@dataclass(frozen=True)
class Attempt:
    """One request and what came of it. `status` is 0 when nothing came; then `cause` and `sentence` say why.

    Of the request, the headers are kept, but not the values that the endpoint entrusted to us; its body is the
    message's. Times in seconds since 1970 (`at`) and milliseconds.
    """

    message: str
    kind: str
    tries: int
    at: float
    url: str
    fallback: bool
    request: dict[str, str]
    status: int = 0
    cause: str = ""
    sentence: str = ""
    response: dict[str, str] | None = None
    body: str = ""
    address: str = ""
    connect: float = 0.0
    first_byte: float = 0.0
    milliseconds: float = 0.0

    @property
    def meaning(self) -> Meaning:
        """What follows from it."""
        if self.cause == outcomes.UNWANTED:
            return Meaning("unwanted")
        if not self.status:
            return outcomes.of_cause(self.cause)  # type: ignore[arg-type]
        return outcomes.of_answer(self.status, (self.response or {}).get(outcomes.STEERING, ""))


def attempt(
    client: Client, subscriber: Subscriber, credentials: Credentials, message: Message, http: bool = False
) -> list[Attempt]:
    """Send it now. Several rows when it was tried again at once, or at the fallback address: the last one counts."""
    send = partial(_send, client, subscriber, credentials, message, http)
    rows = [send()]
    if rows[0].cause in ("connect", "protocol") and rows[0].milliseconds < 1000 * AT_ONCE_AGAIN:
        rows.append(send())
    if subscriber.fallback and rows[-1].cause in outcomes.UNREACHED:
        rows.append(send(instead_of=rows[-1].cause))
    return rows


def unwanted(subscriber: Subscriber, message: Message) -> list[Attempt]:
    """Nothing was sent, and why."""
    sentence = f"Its list of wishes does not name {message.kind}."
    at = round(time.time(), 3)
    row = Attempt(message.id, message.kind, message.tries, at, subscriber.wish_list, False, {})
    return [replace(row, cause=outcomes.UNWANTED, sentence=sentence)]


def _send(
    client: Client,
    subscriber: Subscriber,
    credentials: Credentials,
    message: Message,
    http: bool,
    instead_of: str = "",
) -> Attempt:
    """`instead_of` is the cause for which the fallback address gets it; it is told so."""
    now, jar = time.time(), credentials.jar
    headers = {
        "Content-Type": "application/json",
        "webhook-sequence": str(message.sequence),
        **({"webhook-fallback": instead_of} if instead_of else {}),
        **signatures.headers(message.id, int(now), message.body, credentials.keys),
        **(signatures.body_alone(message.body, credentials.keys) if subscriber.sign_body else {}),
    }
    url = subscriber.fallback if instead_of else subscriber.url
    told = dict.fromkeys(credentials.headers, "•••") | headers
    row = Attempt(message.id, message.kind, message.tries, round(now, 3), url, bool(instead_of), told)
    sent: dict[str, Any] = {"headers": {**credentials.headers, **headers}, "body": message.body}
    try:
        cookie = jar.header(url) if jar else ""
        reply = client.request("POST", url, **sent, cookie=cookie, keep_at_most=KEEP, http=http)
    except Failure as failure:
        milliseconds = round(1000 * failure.elapsed, 1)
        return replace(row, cause=failure.cause, sentence=failure.sentence, milliseconds=milliseconds)
    if jar and reply.set_cookies:
        jar.keep(url, reply.set_cookies)
    return _answered(row, reply)


def _answered(row: Attempt, reply: Reply) -> Attempt:
    return replace(
        row,
        status=reply.status,
        cause="" if 200 <= reply.status < 300 else "status",
        response={name: reply.headers[name][:500] for name in ANSWER_HEADERS if name in reply.headers},
        body=reply.body.decode("utf-8", "replace"),
        address=reply.address,
        connect=round(1000 * (reply.timing.connect + reply.timing.secure), 1),
        first_byte=round(1000 * reply.timing.first_byte, 1),
        milliseconds=round(1000 * reply.elapsed, 1),
    )
