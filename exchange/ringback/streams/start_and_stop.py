"""Starts and stops the streams of a call, within Twilio's limits."""

from __future__ import annotations

from ringback.calls.call import Call
from ringback.state import State
from ringback.streams.options import StreamOptions
from ringback.streams.session import MediaStream

MAX_TRACKS = 4  # in all one-way streams of a call: https://www.twilio.com/docs/voice/media-streams (2026-11-26)


class StreamRefused(ValueError):
    """A stream that the call cannot have. The message says why."""


def start_stream(state: State, call: Call, options: StreamOptions) -> MediaStream:
    """Opens the stream's WebSocket in the background. Raises StreamRefused."""
    running = running_streams(state, call)
    if options.name and options.name in [stream.options.name for stream in running]:
        raise StreamRefused(f"the name {options.name[:80]!r} is taken by another stream of this call")
    tracks = sum(len(stream.options.tracks) for stream in running if not stream.options.two_way)
    if not options.two_way and tracks + len(options.tracks) > MAX_TRACKS:
        raise StreamRefused(f"a call can have at most {MAX_TRACKS} tracks in one-way streams: stop one first")
    stream = MediaStream(call, options)
    state.streams[stream.sid] = stream
    return stream


def running_streams(state: State, call: Call) -> list[MediaStream]:
    """The streams of this call that have not stopped."""
    return [stream for stream in streams_of(state, call.sid) if stream.is_running]


def streams_of(state: State, call_sid: str) -> list[MediaStream]:
    """All streams of this call that are still stored, oldest first."""
    return [stream for stream in state.streams.values() if stream.call.sid == call_sid]


def stop_streams(state: State, call: Call, name: str) -> bool:
    """Stops the one-way stream with this name, or all one-way streams if `name` is "". Returns whether any matched.

    A two-way stream ends when the app closes its WebSocket, or with the call."""
    found = [stream for stream in running_streams(state, call) if name in ("", stream.options.name)]
    one_way = [stream for stream in found if not stream.options.two_way]
    for stream in one_way:
        stream.close()
    return bool(one_way)
