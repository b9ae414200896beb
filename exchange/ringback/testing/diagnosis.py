"""Describes what has happened so far, for the message of a failed test."""

from __future__ import annotations

from typing import Any

from ringback.testing.debugger_alert import DebuggerAlert
from ringback.testing.json_api import JsonApi, handset_path
from ringback.testing.sent_request import SentRequest
from ringback.testing.transcript import in_words

MAX_REQUESTS = 10  # the latest ones; a longer list would bury them


def describe_call(call: dict[str, Any]) -> str:
    """Who is in the call, its status, what it listens for and what was heard, one item a line."""
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
