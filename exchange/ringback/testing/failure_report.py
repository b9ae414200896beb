"""What has happened in a test, for its assertions and its failure message: requests to the app, alerts and phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ringback.testing.json_api import JsonApi, handset_path
from ringback.testing.transcript import in_words

MAX_PRINTED_CHARACTERS = 200  # of the response body
MAX_REQUESTS = 10  # the latest ones; a longer list would bury them


@dataclass(frozen=True)
class SentRequest:
    """A webhook that was sent to the app, and the app's response.

    `channel` is voice, sms, voice-status, sms-status, status, media, stream or relay. `error` is Twilio's error code if
    there was no usable response; `status` is 0 if there was no response at all. `body` holds its first 2,000 bytes.
    `seconds` is how long the app took."""

    channel: str
    method: str
    url: str
    parameters: dict[str, str]
    status: int
    body: str
    seconds: float
    error: int | None
    sid: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> SentRequest:
        fields = {name: found[name] for name in cls.__dataclass_fields__}
        return cls(**fields | {"parameters": dict(found["parameters"])})

    def __str__(self) -> str:
        answer = f"error {self.error}" if self.error else str(self.status)
        body = self.body[:MAX_PRINTED_CHARACTERS]
        return f"{self.method} {self.path} ({self.channel}) → {answer} in {self.seconds:.3f} s: {body}"


@dataclass(frozen=True)
class DebuggerAlert:
    """An error or warning that Twilio would report. `code` is Twilio's; `fix` says how to correct the mistake."""

    code: int
    level: str
    message: str
    fix: str
    sid: str | None

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> DebuggerAlert:
        return cls(found["code"], found["level"], found["message"], found["mend"], found["sid"])

    def __str__(self) -> str:
        return f"{self.level} {self.code}: {self.message}. {self.fix}"


def describe_call(call: dict[str, Any]) -> str:
    """The other party, the call's status, what it listens for, and what was heard, one item per line."""
    heard = [f"      heard: {in_words(item)}" for item in call["heard"]] or ["      heard nothing"]
    listening = ", ".join(call["listening"] or {}) or "nothing"
    way = "to" if call["direction"] == "outgoing" else "from"
    return "\n".join([f"  call {way} {call['with']}: {call['status']}, listens for {listening}", *heard])


def describe_handset(handset: dict[str, Any]) -> str:
    """The phone's texts and calls."""
    texts = [f"  {text['direction']}: {text['body']!r} ({text['status']})" for text in handset["texts"]]
    calls = [describe_call(call) for call in handset["calls"]]
    return "\n".join([f"Phone {handset['number']}", *(texts + calls or ["  no texts, no calls"])])


def describe_everything(api: JsonApi) -> str:
    """Every phone, the latest requests to the app, all alerts, and the time until the next timer."""
    handsets = [api.get(handset_path(each["number"])) for each in api.get("/handsets")["handsets"]]
    requests = [SentRequest.from_json(each) for each in api.get("/requests")["requests"]]
    alerts = [DebuggerAlert.from_json(each) for each in api.get("/debugger")["alerts"]]
    parts = [describe_handset(handset) for handset in handsets]
    parts += ["\n  ".join(["Requests to the app:", *(map(str, requests[-MAX_REQUESTS:]) if requests else ["none"])])]
    if alerts:
        parts += ["\n  ".join(["Alerts:", *map(str, alerts)])]
    return "\n".join([*parts, *_clock_hint(api)])


def _clock_hint(api: JsonApi) -> list[str]:
    clock = api.get("/clock")
    if not clock["stopped"] or clock["next_timer_seconds"] is None:
        return []
    seconds = clock["next_timer_seconds"]
    return [f"The clock is stopped. Something is due in {seconds:g} s: ringback.time_passes({seconds:g})"]
