"""Reads and validates the parameters of calls and recordings. Every function may raise RestError."""

from __future__ import annotations

from collections.abc import Container

from ringback.account.applications import TwimlApplication
from ringback.account.phone_numbers import E164, dialable_number, is_handset_address
from ringback.account.sip_uris import CALLER_ID, SipUri, parse_sip_uri
from ringback.calls.call_plan import Fallback, StatusCallback
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError
from ringback.sound.recordings import RECORDED_TRACKS, RECORDING_EVENTS, RecordingOptions
from ringback.twiml.steps import Fetch, Inline, Step

MAX_TWIML_CHARACTERS = 4000
MAX_TIME_LIMIT = 86400
CALL_EVENTS = {"initiated", "ringing", "answered", "completed"}


def amd_callback(request: ApiRequest, name: str) -> StatusCallback:
    """The callback for asynchronous answering machine detection."""
    return StatusCallback(parameters.url(request, name, 21609), parameters.method(request, f"{name}Method"))


def time_limit(request: ApiRequest) -> int | None:
    """TimeLimit in seconds, or None if it is missing."""
    text = request.text("TimeLimit").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_TIME_LIMIT):
        raise RestError(20001, message=f"TimeLimit cannot be {text[:40]!r}")
    return int(text) if text else None


def call_recording(request: ApiRequest) -> RecordingOptions | None:
    """The recording options for a call, or None unless Record is true."""
    return recording_options(request, "OutboundAPI") if parameters.boolean(request, "Record") else None


def recording_options(request: ApiRequest, source: str) -> RecordingOptions:
    """The options for a recording started through the REST API. `source` is Twilio's recording source."""
    events = _events(request, "RecordingStatusCallbackEvent", RECORDING_EVENTS)
    return RecordingOptions(
        source,
        channels=2 if request.text("RecordingChannels") == "dual" else 1,
        track=parameters.one_of(request, "RecordingTrack", "both", RECORDED_TRACKS),
        trim=request.text("Trim") != "do-not-trim",
        url=parameters.url(request, "RecordingStatusCallback", 21609),
        method=parameters.method(request, "RecordingStatusCallbackMethod"),
        events=events or frozenset({"completed"}),
    )


def sip_uri(request: ApiRequest) -> SipUri | None:
    """Returns To as a SIP address with its headers, or None if it is something else.

    Source: https://www.twilio.com/docs/voice/api/sip-making-calls (2026-11)"""
    to = request.text("To").strip()
    return parse_sip_uri(to) if to.lower().startswith(("sip:", "sips:")) else None


def to_number(request: ApiRequest) -> str:
    to = dialable_number(request.text("To"))
    if not to:
        raise RestError(21201)
    if sip := sip_uri(request):
        return sip.address
    if not is_handset_address(to) or (E164.fullmatch(to) and len(to) < 8):
        raise RestError(21211, number=request.text("To"))
    return to


def from_number(request: ApiRequest) -> str:
    from_ = dialable_number(request.text("From"))
    if not from_:
        raise RestError(21213)
    if sip_uri(request) and CALLER_ID.fullmatch(request.text("From").strip()):
        return request.text("From").strip()
    if not is_handset_address(from_):
        raise RestError(21212, number=request.text("From"))
    if not request.state.may_be_caller_id(from_) and not from_.startswith("client:"):
        raise RestError(21210, number=from_)
    return from_


def twiml_application(request: ApiRequest) -> TwimlApplication | None:
    """The application in ApplicationSid, which overrides Url and Twiml."""
    sid = request.text("ApplicationSid")
    application = request.state.applications.get(sid)
    if sid and (application is None or not application.voice_url):
        raise RestError(21218, detail=sid[:40])
    return application


def fallback(request: ApiRequest, application: TwimlApplication | None) -> Fallback:
    if application:
        return Fallback(application.voice_fallback_url, application.voice_fallback_method)
    return Fallback(parameters.url(request, "FallbackUrl", 21205), parameters.method(request, "FallbackMethod"))


def first_step(request: ApiRequest) -> Step | None:
    """The first step: from Url, from Twiml if there is no Url, or None if neither is set."""
    url, twiml = request.text("Url").strip(), request.text("Twiml")
    if url and not parameters.is_url(url):
        raise RestError(21205, detail=url[:200])
    if url and twiml:
        request.state.debugger.report(32019)
    if url:
        return Fetch(url, parameters.method(request, "Method"))
    if len(twiml) > MAX_TWIML_CHARACTERS:
        raise RestError(32018)
    return Inline(twiml) if twiml else None


def status_callback(request: ApiRequest, application: TwimlApplication | None = None) -> StatusCallback:
    if application:
        return StatusCallback(application.status_callback, application.status_callback_method)
    events = _events(request, "StatusCallbackEvent", CALL_EVENTS)
    url = parameters.url(request, "StatusCallback", 21609)
    method = parameters.method(request, "StatusCallbackMethod")
    return StatusCallback(url, method, events or frozenset({"completed"}))


def _events(request: ApiRequest, name: str, known: Container[str]) -> frozenset[str]:
    """The events in a parameter, which may be repeated and may contain several events separated by spaces."""
    events = frozenset(event for value in request.texts(name) for event in value.split())
    if unknown := sorted(event for event in events if event not in known):
        raise RestError(21626, detail=", ".join(unknown)[:100])
    return events
