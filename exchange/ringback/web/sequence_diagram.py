"""A call as a sequence: who told whom what, and when, between phone, exchange, app and the call's other legs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ringback.calls.call import Call
from ringback.calls.call_log import LogEntry
from ringback.service.dates import iso8601_milliseconds
from ringback.state import State

PHONE, EXCHANGE, APP, FIRST_LEG = 0, 1, 2, 3
MAX_LEG_LANES = 3  # lanes of their own; further legs share the last
LEVELS = {"ringing": "wait", "queued": "wait", "in-progress": "now", "completed": "good"}
SHOWN_PARAMETERS = ("Digits", "SpeechResult", "DialCallStatus", "QueueResult", "RecordingDuration", "ErrorCode")
PURPOSES = {"voice": "", "voice-status": "status callback", "status": "callback", "media": "sound"}
VERB = re.compile(r"<([A-Z][A-Za-z]*)[\s/>]")
MAX_VERBS = 8


@dataclass(frozen=True)
class DiagramStep:
    """One thing that went from a lane to another, or happened in one. `level` is good, refused, wait, now or ""."""

    at: datetime
    kind: str  # status, did, heard, listens, request, answer, rest
    source: int
    target: int
    words: str
    level: str = ""
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "at": iso8601_milliseconds(self.at),
            "kind": self.kind,
            "from": self.source,
            "to": self.target,
            "words": self.words,
            "level": self.level,
            "detail": self.detail,
        }


def legs_of(state: State, call: Call) -> list[Call]:
    """The calls that this one's Dial made."""
    return [found for found in state.calls.values() if found.plan.parent == call.sid]


def lanes(state: State, call: Call) -> list[str]:
    """The name of each lane, by its place."""
    legs = legs_of(state, call)
    named = [state.display_name(leg.plan.handset) for leg in legs[:MAX_LEG_LANES]]
    if len(legs) > MAX_LEG_LANES:
        named[-1] = f"{len(legs) - MAX_LEG_LANES + 1} more phones"
    return [state.display_name(call.plan.handset), "Exchange", "App", *named]


def steps(state: State, call: Call) -> list[DiagramStep]:
    """Everything in the call's log and in those of its legs, oldest first."""
    found = list(_of_one(call, PHONE))
    for place, leg in enumerate(legs_of(state, call)):
        found += _of_one(leg, FIRST_LEG + min(place, MAX_LEG_LANES - 1))
    return sorted(found, key=lambda step: step.at)


def _of_one(call: Call, phone: int) -> Iterator[DiagramStep]:
    for note in call.log:
        for step in STEPS_OF_KIND[note.kind](note):
            yield replace(step, source=_lane(step.source, phone), target=_lane(step.target, phone))


def _lane(lane: int, phone: int) -> int:
    return phone if lane == PHONE else lane


def _status(note: LogEntry) -> Iterator[DiagramStep]:
    yield DiagramStep(note.at, "status", PHONE, PHONE, note.data, LEVELS.get(note.data, "refused"))


def _did(note: LogEntry) -> Iterator[DiagramStep]:
    words, taken = note.data
    yield DiagramStep(
        note.at, "did", PHONE, EXCHANGE, words if taken else f"{words} (nobody listened)", "" if taken else "wait"
    )


def _heard(note: LogEntry) -> Iterator[DiagramStep]:
    item = note.data
    cut = " (cut short)" if item.interrupted else ""
    yield DiagramStep(note.at, "heard", EXCHANGE, PHONE, _words_of(item.verb, item.details) + cut)


def _words_of(verb: str, details: dict[str, Any]) -> str:
    match verb:
        case "Say":
            return f"Say “{details['text']}”"
        case "Play":
            return f"Play {details['source']}"
        case "Pause":
            return f"Pause {details['length']:g} s"
        case "Tones":
            return f"Tones {details['digits']}"
        case "Ring":
            return f"hears it ring: {details['to']}"
        case "Voice":
            return f"hears “{details['text']}”" if details["text"] else "hears a voice"
    return verb


def _listens(note: LogEntry) -> Iterator[DiagramStep]:
    for verb, details in (note.data or {}).items():
        words = _waits_for(verb, details)
        if words:
            lane = PHONE if verb == "talk" else EXCHANGE
            yield DiagramStep(note.at, "listens", lane, lane, words)


def _waits_for(verb: str, details: dict[str, Any]) -> str:
    if verb == "talk":
        return f"talks with {details['with']}"
    if verb == "record":
        return f"Record: at most {details['max_length']} s"
    if details["digits"]:
        return ""  # more of what is shown already
    kinds = " or ".join({"dtmf": "keys", "speech": "words"}.get(kind, kind) for kind in details["input"])
    most = f", {details['num_digits']} of them" if details["num_digits"] else ""
    return f"Gather: {kinds}{most}, {details['timeout']:g} s"


def _request(note: LogEntry) -> Iterator[DiagramStep]:
    webhook = note.data
    told = dict(webhook.parameters)
    names = SHOWN_PARAMETERS if webhook.channel == "voice" else (*SHOWN_PARAMETERS, "CallStatus", "StatusCallbackEvent")
    told = {name: told[name] for name in names if told.get(name)}
    about = ", ".join(f"{name}={value}" for name, value in told.items())
    first = f"{webhook.method} {_path(webhook.url)}"
    words = " · ".join(part for part in (first, PURPOSES.get(webhook.channel, webhook.channel), about) if part)
    sent = "\n".join(f"{name}={value}" for name, value in webhook.parameters)
    yield DiagramStep(
        note.at, "request", EXCHANGE, APP, words, detail=f"{webhook.method} {webhook.url}\n{sent}".strip()
    )
    if note.responded_at is None:
        yield DiagramStep(note.at, "status", APP, APP, "no answer yet…", "wait")
    else:
        yield _answer(note.responded_at, note.response)


def _answer(at: datetime, answer: Any) -> DiagramStep:
    took = f"{answer.seconds * 1000:.0f} ms"
    if answer.error and not answer.status:
        return DiagramStep(
            at, "answer", APP, EXCHANGE, f"no answer: {answer.detail or 'failed'} ({answer.error})", "refused"
        )
    body = answer.body.decode("utf-8", "replace")
    verbs = [name for name in VERB.findall(body) if name != "Response"]
    more = " ".join(verbs[:MAX_VERBS]) + (" …" if len(verbs) > MAX_VERBS else "")
    words = " · ".join(part for part in (str(answer.status), took, more) if part)
    return DiagramStep(at, "answer", APP, EXCHANGE, words, "refused" if answer.status >= 400 else "good", body.strip())


def _rest(note: LogEntry) -> Iterator[DiagramStep]:
    method, path, status = note.data
    level = "refused" if status >= 400 else ""
    yield DiagramStep(note.at, "rest", APP, EXCHANGE, f"REST: {method} {_short(path)} · {status}", level)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _short(path: str) -> str:
    return re.sub(r"^/2010-04-01/Accounts/[^/]+", "", path)


STEPS_OF_KIND = {
    "status": _status,
    "did": _did,
    "heard": _heard,
    "listens": _listens,
    "request": _request,
    "rest": _rest,
}
