"""The Stream noun of Connect, Start and Stop: Media Streams."""

from __future__ import annotations

from ringback.calls.audio_path import NoInbox
from ringback.evidence import documented
from ringback.streams.options import MAX_PARAMETER_CHARACTERS, TRACKS, StreamOptions, fits
from ringback.streams.session import MediaStream
from ringback.streams.start_and_stop import StreamRefused, start_stream, stop_streams
from ringback.twiml.attribute_values import GENERIC_WARNING, method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.registry import noun as register_noun

ATTRIBUTES = "name connectorName url track statusCallback statusCallbackMethod audioFormat sampleRate"
DEFAULT_TRACK = "inbound_track"


def start_one_way_stream(session: VoiceSession, noun: Element) -> None:
    """Runs Start: opens the stream in the background."""
    _start(session, noun, two_way=False)


def stop_one_way_stream(session: VoiceSession, noun: Element) -> None:
    """Runs Stop: stops the stream with this name, or all one-way streams if there is no name."""
    name = noun.get("name")
    if not stop_streams(session.state, session.call, name) and name:
        mistake = f"Stop: this call has no one-way stream named {name[:80]!r}"
        session.warn(GENERIC_WARNING, noun, mistake, "Use the name of a stream that <Start> has started.")


async def connect_two_way_stream(session: VoiceSession, noun: Element, parameters: dict[str, str]) -> None:
    """Runs Connect: returns when the app has closed the WebSocket, or if the WebSocket cannot be opened.

    The action request gets no additional `parameters`: Twilio documents none (2026-11-26)."""
    stream = _start(session, noun, two_way=True)
    if stream is None:
        return
    try:
        await stream.settled.wait()  # until then, the app would not hear the caller
        with session.audio.listen({"stream": {"sid": stream.sid, "name": stream.options.name}}, NoInbox()):
            await stream.ended.wait()
    finally:
        stream.close()


def _start(session: VoiceSession, noun: Element, two_way: bool) -> MediaStream | None:
    try:
        return start_stream(session.state, session.call, _options(session, noun, two_way))
    except StreamRefused as refused:
        session.warn(GENERIC_WARNING, noun, f"Stream: {refused}", "Stop the other stream first.")
        return None


def _options(session: VoiceSession, noun: Element, two_way: bool) -> StreamOptions:
    code = GENERIC_WARNING
    callback = noun.get("statusCallback").strip()
    return StreamOptions(
        url=_url(session, noun),
        two_way=two_way,
        name=noun.get("name"),
        tracks=_tracks(session, noun, two_way),
        parameters=_parameters(session, noun),
        callback=session.absolute(callback) if callback else "",
        callback_method=method(session, noun, code, "statusCallbackMethod"),
    )


def _url(session: VoiceSession, noun: Element) -> str:
    """The URL as written; a relative URL is resolved against the document and gets the scheme wss."""
    url = noun.get("url").strip()
    if "://" in url:
        return url
    absolute = session.absolute(url)
    return f"wss{absolute[absolute.index(':') :]}" if absolute.startswith("http") else url


def _tracks(session: VoiceSession, noun: Element, two_way: bool) -> tuple[str, ...]:
    """Source: "bidirectional streams can only receive the inbound_track"

    https://www.twilio.com/docs/voice/twiml/stream (2026-11-26)"""
    track = noun.get("track") or DEFAULT_TRACK
    if track not in TRACKS:
        expected = ", ".join(TRACKS)
        mistake = f"Stream: track must be one of {expected}, not {track[:40]!r}"
        session.warn(GENERIC_WARNING, noun, mistake, "Use one of these.")
        track = DEFAULT_TRACK
    if two_way and track != DEFAULT_TRACK:
        mistake = f"Stream: in <Connect>, track can only be {DEFAULT_TRACK}"
        session.warn(GENERIC_WARNING, noun, mistake, "Remove track, or use <Start> to hear other tracks.")
        track = DEFAULT_TRACK
    return TRACKS[track]


def _parameters(session: VoiceSession, noun: Element) -> dict[str, str]:
    found = {}
    for parameter in noun.elements():
        name, value = parameter.get("name"), parameter.get("value")
        if not name:
            session.warn(GENERIC_WARNING, parameter, "Parameter: the name is missing", "Add a name.")
        elif not fits(name, value):
            limit = f"name and value must have fewer than {MAX_PARAMETER_CHARACTERS} characters together"
            mistake = f"Parameter {name[:40]!r} is left out: {limit}"
            session.warn(GENERIC_WARNING, parameter, mistake, "Send a key, and keep the value in your app.")
        else:
            found[name] = value
    return found


register_noun(
    "Stream",
    documented("voice/twiml/stream"),
    attributes=ATTRIBUTES,
    children="Parameter",
    without_effect="connectorName audioFormat sampleRate",
    start=start_one_way_stream,
    stop=stop_one_way_stream,
)
