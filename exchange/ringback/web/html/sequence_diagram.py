"""The sequence diagram of a call: what happened between the phone, the exchange, the app and the call's other legs."""

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
from ringback.webhooks.request import WebhookResponse

PHONE, EXCHANGE, APP, FIRST_LEG = 0, 1, 2, 3
MAX_LEG_LANES = 3  # any further legs share the last lane
LEVELS = {"ringing": "wait", "queued": "wait", "in-progress": "now", "completed": "good"}
SHOWN_PARAMETERS = ("Digits", "SpeechResult", "DialCallStatus", "QueueResult", "RecordingDuration", "ErrorCode")
PURPOSES = {"voice": "", "voice-status": "status callback", "status": "callback", "media": "media"}
INPUT_WORDS = {"dtmf": "keys", "speech": "speech"}
VERB = re.compile(r"<([A-Z][A-Za-z]*)[\s/>]")
MAX_VERBS = 8


@dataclass(frozen=True)
class DiagramStep:
    """One step, from lane `source` to lane `target`; the two are equal if the step happened within one lane.

    `level` is good, refused, wait, now or ""."""

    at: datetime
    kind: str  # status, did, heard, listens, request, answer, rest, message, note
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
    """The calls that <Dial> verbs in this call have placed."""
    return [other for other in state.calls.values() if other.plan.parent == call.sid]


def lanes(state: State, call: Call) -> list[str]:
    """The names of the lanes, in order."""
    legs = legs_of(state, call)
    names = [state.display_name(leg.plan.handset) for leg in legs[:MAX_LEG_LANES]]
    if len(legs) > MAX_LEG_LANES:
        names[-1] = f"{len(legs) - MAX_LEG_LANES + 1} more phones"
    return [state.display_name(call.plan.handset), "Exchange", "App", *names]


def steps(state: State, call: Call) -> list[DiagramStep]:
    """The steps of the call and its legs, oldest first."""
    found = list(_steps_of_call(call, PHONE))
    for index, leg in enumerate(legs_of(state, call)):
        found += _steps_of_call(leg, FIRST_LEG + min(index, MAX_LEG_LANES - 1))
    return sorted(found, key=lambda step: step.at)


def _steps_of_call(call: Call, phone_lane: int) -> Iterator[DiagramStep]:
    for entry in call.log:
        for step in STEPS_OF_KIND[entry.kind](entry):
            yield replace(step, source=_lane(step.source, phone_lane), target=_lane(step.target, phone_lane))


def _lane(lane: int, phone_lane: int) -> int:
    return phone_lane if lane == PHONE else lane


def _status(entry: LogEntry) -> Iterator[DiagramStep]:
    yield DiagramStep(entry.at, "status", PHONE, PHONE, entry.data, LEVELS.get(entry.data, "refused"))


def _did(entry: LogEntry) -> Iterator[DiagramStep]:
    words, accepted = entry.data
    words, level = (words, "") if accepted else (f"{words} (ignored)", "wait")
    yield DiagramStep(entry.at, "did", PHONE, EXCHANGE, words, level)


def _heard(entry: LogEntry) -> Iterator[DiagramStep]:
    item = entry.data
    interrupted = " (interrupted)" if item.interrupted else ""
    yield DiagramStep(entry.at, "heard", EXCHANGE, PHONE, _heard_words(item.verb, item.details) + interrupted)


def _heard_words(verb: str, details: dict[str, Any]) -> str:
    match verb:
        case "Say":
            return f"Say “{details['text']}”"
        case "Play":
            return f"Play {details['source']}"
        case "Audio":
            return "hears the app" + (f" for {details['seconds']:.1f} s" if details["seconds"] else "")
        case "Pause":
            return f"Pause {details['length']:g} s"
        case "Tones":
            return f"Tones {details['digits']}"
        case "Ring":
            return f"hears ringing: {details['to']}"
        case "Voice":
            return f"hears “{details['text']}”" if details["text"] else "hears a voice"
    return verb


def _listens(entry: LogEntry) -> Iterator[DiagramStep]:
    for verb, details in (entry.data or {}).items():
        words = _listening_words(verb, details)
        if words:
            lane = PHONE if verb == "talk" else EXCHANGE
            yield DiagramStep(entry.at, "listens", lane, lane, words)


def _listening_words(verb: str, details: dict[str, Any]) -> str:
    if verb == "talk":
        return f"talks with {details['with']}"
    if verb == "stream":
        return "Stream: " + (details["name"] or "sound and keys")
    if verb == "record":
        return f"Record: at most {details['max_length']} s"
    if verb == "relay":
        return f"ConversationRelay: {' or '.join(INPUT_WORDS[kind] for kind in details['input'])}"
    if details["digits"]:
        return ""  # there is already a step for this Gather
    kinds = " or ".join(INPUT_WORDS[kind] for kind in details["input"])
    limit = f", numDigits {details['num_digits']}" if details["num_digits"] else ""
    return f"Gather: {kinds}{limit}, timeout {details['timeout']:g} s"


def _request(entry: LogEntry) -> Iterator[DiagramStep]:
    webhook = entry.data
    sent = dict(webhook.parameters)
    names = SHOWN_PARAMETERS if webhook.channel == "voice" else (*SHOWN_PARAMETERS, "CallStatus", "StatusCallbackEvent")
    shown = ", ".join(f"{name}={sent[name]}" for name in names if sent.get(name))
    request_line = f"{webhook.method} {_path_and_query(webhook.url)}"
    purpose = PURPOSES.get(webhook.channel, webhook.channel)
    words = " · ".join(part for part in (request_line, purpose, shown) if part)
    parameters = "\n".join(f"{name}={value}" for name, value in webhook.parameters)
    detail = f"{webhook.method} {webhook.url}\n{parameters}".strip()
    yield DiagramStep(entry.at, "request", EXCHANGE, APP, words, detail=detail)
    if entry.responded_at is None or entry.response is None:
        yield DiagramStep(entry.at, "status", APP, APP, "no response yet…", "wait")
    else:
        yield _response(entry.responded_at, entry.response)


def _response(at: datetime, response: WebhookResponse) -> DiagramStep:
    if response.error and not response.status:
        words = f"no response: {response.detail or 'failed'} ({response.error})"
        return DiagramStep(at, "answer", APP, EXCHANGE, words, "refused")
    duration = f"{response.seconds * 1000:.0f} ms"
    body = response.body.decode("utf-8", "replace")
    verbs = [name for name in VERB.findall(body) if name != "Response"]
    verb_list = " ".join(verbs[:MAX_VERBS]) + (" …" if len(verbs) > MAX_VERBS else "")
    words = " · ".join(part for part in (str(response.status), duration, verb_list) if part)
    level = "refused" if response.status >= 400 else "good"
    return DiagramStep(at, "answer", APP, EXCHANGE, words, level, body.strip())


def _rest(entry: LogEntry) -> Iterator[DiagramStep]:
    method, path, status = entry.data
    level = "refused" if status >= 400 else ""
    yield DiagramStep(entry.at, "rest", APP, EXCHANGE, f"REST: {method} {_short_path(path)} · {status}", level)


def _message(entry: LogEntry) -> Iterator[DiagramStep]:
    message = entry.data
    source, target = (EXCHANGE, APP) if message.to_app else (APP, EXCHANGE)
    yield DiagramStep(entry.at, "message", source, target, message.words, message.level, message.text)


def _note(entry: LogEntry) -> Iterator[DiagramStep]:
    yield DiagramStep(entry.at, "note", EXCHANGE, EXCHANGE, entry.data, "wait")


def _path_and_query(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _short_path(path: str) -> str:
    return re.sub(r"^/2010-04-01/Accounts/[^/]+", "", path)


STEPS_OF_KIND = {
    "status": _status,
    "did": _did,
    "heard": _heard,
    "listens": _listens,
    "request": _request,
    "rest": _rest,
    "message": _message,
    "note": _note,
}
