"""The road to our own door: real HTTP to the address the world knows us by, so nothing on the way is left out."""

import http.client
import ssl
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import certifi

from config import Settings
from receiving import replay_marker
from receiving.delivery import Delivery

WITHIN = 20  # seconds for an answer; the door itself waits up to ten for a copy that is being worked on
READ = 64 * 1024  # bytes of an answer
OF_THE_CONNECTION = frozenset(
    ("connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
OF_THE_WAY = ("forwarded", "host", "via", "x-forwarded-")  # they tell of the road it took then, not of this one


class NobodyAnswers(Exception):
    """Our own door could not be reached, or what was asked cannot be said in HTTP."""


@dataclass(frozen=True)
class Answer:
    """What our door said. `news` is "done", "repeated" or, for a refusal and a handshake, ""."""

    status: int
    body: str
    news: str
    seconds: float


def origin(settings: Settings) -> str:
    """Where the world reaches us; without a PUBLIC_URL, this machine and PORT."""
    return settings.public_url or f"http://127.0.0.1:{settings.port}"


class Road:
    """One connection, kept while it lasts. Nothing is rewritten: the target and the body go out byte for byte."""

    def __init__(self, settings: Settings) -> None:
        self.origin = urlsplit(origin(settings))
        self.keeps_host = not settings.public_url  # then the door takes the address from the Host header
        self.line: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def send(self, delivery: Delivery, *, as_it_came: bool = False) -> Answer:
        """Bring it to the door. Raises NobodyAnswers.

        Twice when a kept connection turns out to have ended meanwhile: should the first have come, its claim knows.
        """
        began = time.monotonic()
        try:
            answer = self._ask_patiently(delivery, keeps_host=as_it_came and self.keeps_host)
            body = answer.read(READ).decode("utf-8", "replace")
            news = answer.headers.get(replay_marker.HEADER, "")
        except (OSError, http.client.HTTPException, ValueError) as trouble:
            self._hang_up()
            raise NobodyAnswers(
                f"{self.origin.geturl()} did not answer: {str(trouble) or type(trouble).__name__}"
            ) from trouble
        if answer.will_close or answer.read(1):
            self._hang_up()
        return Answer(answer.status, body, news, time.monotonic() - began)

    def _ask_patiently(self, delivery: Delivery, *, keeps_host: bool) -> http.client.HTTPResponse:
        was_kept = self.line is not None
        try:
            return self._ask(delivery, keeps_host=keeps_host)
        except ConnectionError:
            if not was_kept:
                raise
            self._hang_up()
            return self._ask(delivery, keeps_host=keeps_host)

    def _ask(self, delivery: Delivery, *, keeps_host: bool) -> http.client.HTTPResponse:
        line = self.line = self.line or self._connect()
        line.putrequest(delivery.method, delivery.target, skip_host=keeps_host, skip_accept_encoding=True)
        for name, text in delivery.headers.items():
            if name not in OF_THE_CONNECTION and (keeps_host or not name.startswith(OF_THE_WAY)):
                line.putheader(name, text.encode("latin-1", "replace"))
        line.putheader("content-length", str(len(delivery.body)))
        line.endheaders(delivery.body)
        return line.getresponse()

    def _hang_up(self) -> None:
        if self.line:
            self.line.close()
            self.line = None

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self.origin.hostname or "", self.origin.port
        if self.origin.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=WITHIN)
        context = ssl.create_default_context(cafile=certifi.where())
        return http.client.HTTPSConnection(host, port, timeout=WITHIN, context=context)
