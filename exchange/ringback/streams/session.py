"""One media stream of a call, from the handshake to the end of its WebSocket."""

from __future__ import annotations

import asyncio
from collections import deque

from ringback.calls.audio_path import CallerInput, HeardItem, KeyPress
from ringback.calls.call import Call
from ringback.calls.call_log import SocketMessage
from ringback.service.clock import Timer
from ringback.service.dates import iso8601_milliseconds
from ringback.service.media import Media
from ringback.service.sids import new_sid
from ringback.sound.synthetic_speech import convert, sound_of_input, sound_of_item
from ringback.streams.heard_audio import HeardAudio
from ringback.streams.messages_from_app import AppInput
from ringback.streams.messages_to_app import CONNECTED, StreamMessages
from ringback.streams.options import StreamOptions
from ringback.streams.playback import Mark, Playback
from ringback.streams.track_audio import TrackAudio
from ringback.websockets.app_socket import SEND_SECONDS, AppSocket, Closed, Frame
from ringback.websockets.handshake import HANDSHAKE_ERROR, STREAM, HandshakeFailed, open_socket

MAX_UNSENT_MESSAGES = 1000  # 10 to 20 seconds of audio that the app has not read
MAX_MARKS = 1000  # the newest, which the JSON API shows
CLOSE_ERROR, PROTOCOL_ERROR = 31921, 31924
ABNORMAL_CLOSE = 1006  # there was no close frame
QUERY = "a Stream URL cannot have a query string: send <Parameter> elements instead"


class MediaStream:
    """Listens to the call once it is created. `status` is in-progress or stopped; `ended` is set when it is stopped.

    `marks` holds the newest marks from the app."""

    def __init__(self, call: Call, options: StreamOptions) -> None:
        self.call, self.runtime, self.options = call, call.runtime, options
        self.sid = new_sid("MZ")
        self.status = "in-progress"
        self.created = self.updated = self.runtime.clock.now()
        self.settled = asyncio.Event()  # the WebSocket is open, or cannot be opened
        self.ended = asyncio.Event()
        self.tracks = {name: TrackAudio() for name in options.tracks}
        self.messages = StreamMessages(call.plan.account, call.sid, self.sid)
        self.playback = Playback(self.runtime.clock, call.sid, self)
        self.app_input = AppInput(self)
        self.marks: deque[Mark] = deque(maxlen=MAX_MARKS)
        self.mark_returned = asyncio.Event()  # replaced whenever it is set
        self.outbox: asyncio.Queue[str | None] = asyncio.Queue()  # None closes the connection
        self.socket: AppSocket | None = None
        self.first_due = 0.0  # Unix timestamp at which the timestamps in messages are 0
        self.item: HeardItem | None = None
        self.close_timer: Timer | None = None
        call.taps.append(self)
        self.task = self.runtime.spawn(self._run())

    @property
    def is_running(self) -> bool:
        return self.status == "in-progress"

    async def _run(self) -> None:
        try:
            if "?" in self.options.url:
                raise HandshakeFailed(HANDSHAKE_ERROR, self.options.url, QUERY)
            self.socket = await open_socket(self.runtime, self.options.url, STREAM, self.call.sid)
        except HandshakeFailed as failure:
            failure.report(self.runtime, self.call.sid, self.call.plan.handset)
            self._finish()
            return self._notify("stream-error", failure.message)
        self.settled.set()
        self._notify("stream-started")
        self._put(CONNECTED)
        self._put_event("start", self.messages.start(self.options))
        self.first_due = self.runtime.pacer.add(self)
        sender = self.runtime.spawn(self._send(self.socket))
        end = await self._receive(self.socket)
        stopped_here = not self.is_running
        self._finish()
        self._put(None)
        await asyncio.gather(sender, return_exceptions=True)
        self._after_end(end, stopped_here)

    async def _send(self, socket: AppSocket) -> None:
        while (text := await self.outbox.get()) is not None:
            if not await socket.send_text(text):
                return
        await socket.close()

    async def _receive(self, socket: AppSocket) -> Closed:
        while isinstance(received := await socket.receive(), Frame):
            self.app_input.take(received)
        return received

    def _after_end(self, end: Closed, stopped_here: bool) -> None:
        """Sends the status callback. Alerts the debugger unless either side closed the connection properly."""
        if self.close_timer:
            self.close_timer.cancel()
        if stopped_here or (end.by_app and end.code != ABNORMAL_CLOSE):
            return self._notify("stream-stopped")
        code = CLOSE_ERROR if end.by_app else PROTOCOL_ERROR
        detail = end.reason or "the connection was lost without a close frame"
        self.runtime.debugger.report(
            code, sid=self.call.sid, handset=self.call.plan.handset, url=self.options.url, detail=detail
        )
        self._notify("stream-error", detail)

    def close(self) -> None:
        """Stops the stream: the app gets `stop`, then the connection is closed. Pending marks are not sent back."""
        if not self.is_running:
            return
        self._finish()
        if self.socket is None:
            self.task.cancel()
            return
        self._put_event("stop", self.messages.stop())
        self._put(None)
        self.close_timer = self.runtime.clock.call_later(SEND_SECONDS, self.socket.drop)

    def _finish(self) -> None:
        if not self.is_running:
            return
        self.status, self.updated = "stopped", self.runtime.clock.now()
        self.runtime.pacer.remove(self)
        self.playback.close()
        if self in self.call.taps:
            self.call.taps.remove(self)
        for audio in self.tracks.values():
            audio.cut()
        self.settled.set()
        self.ended.set()
        self._wake_mark_waiters()

    def send_frame(self, due: float) -> None:
        """Sends 20 ms of each track. Called by the pacer."""
        self.playback.catch_up(due)
        if self.outbox.qsize() > MAX_UNSENT_MESSAGES and self.socket:
            self.app_input.report("unread", "the app does not read its messages, so the connection was dropped")
            self.runtime.pacer.remove(self)
            return self.socket.drop()
        if self.runtime.faults.active and (
            fault := self.runtime.faults.trigger("stream-jump", STREAM, self.options.url)
        ):
            self.first_due -= fault.seconds
        milliseconds = round((due - self.first_due) * 1000)
        for track, audio in self.tracks.items():
            self.outbox.put_nowait(self.messages.media(track, milliseconds, audio.next_payload()))

    def on_input(self, event: CallerInput) -> None:
        if self.socket is None:
            return  # before `start`, nothing is heard
        if isinstance(event, KeyPress):
            if self.options.two_way:
                self._put_event(f"dtmf {event.digit}", self.messages.dtmf(event.digit))
        elif track := self.tracks.get("inbound"):
            self._add(track, sound_of_input(event, self.runtime.media_at))

    def on_item_started(self, item: HeardItem) -> None:
        if track := self.tracks.get("outbound"):
            self._add(track, sound_of_item(item, self.runtime.media_at), item)

    def on_item_ended(self, item: HeardItem) -> None:
        if item.interrupted and (track := self.tracks.get("outbound")):
            track.cut()

    def on_app_audio(self, sound: bytes) -> None:
        if track := self.tracks.get("outbound"):
            track.add(sound)

    def _add(self, track: TrackAudio, sound: bytes | Media | None, item: HeardItem | None = None) -> None:
        if isinstance(sound, Media):
            self.runtime.spawn(self._add_media(track, sound, item))
        elif sound:
            track.add(sound)

    async def _add_media(self, track: TrackAudio, media: Media, item: HeardItem | None) -> None:
        sound = await asyncio.to_thread(convert, media)
        if not (item and item.interrupted):
            track.add(sound)

    def audio_starts(self, heard: HeardAudio) -> None:
        self.runtime.media[heard.sid] = heard
        self.item = self.call.audio.start_item("Audio", url=heard.path, source=self.options.url, seconds=None)

    def audio_ends(self, heard: HeardAudio, interrupted: bool) -> None:
        if self.item:
            self.item.details = self.item.details | {"seconds": heard.seconds}
            self.call.audio.end_item(self.item, interrupted)

    def mark_returns(self, mark: Mark) -> None:
        if self.runtime.faults.trigger("stream-lost-mark", STREAM, self.options.url):
            mark.returned = None
            return
        self._put_event(f"mark {mark.name[:80]}", self.messages.mark(mark.name))
        self._wake_mark_waiters()

    def _wake_mark_waiters(self) -> None:
        waiters, self.mark_returned = self.mark_returned, asyncio.Event()
        waiters.set()

    def _put_event(self, words: str, text: str) -> None:
        """Sends a message that is also shown in the call's sequence diagram."""
        self.call.log.add("message", SocketMessage(True, words, text))
        self._put(text)

    def _put(self, text: str | None) -> None:
        self.outbox.put_nowait(text)

    def _notify(self, event: str, error: str = "") -> None:
        """Sends the status callback: https://www.twilio.com/docs/voice/twiml/stream (2026-11-26)."""
        options = self.options
        if not options.callback:
            return
        parameters = {
            "AccountSid": self.call.plan.account,
            "CallSid": self.call.sid,
            "StreamSid": self.sid,
            "StreamEvent": event,
            "Timestamp": iso8601_milliseconds(self.runtime.clock.now()) or "",
        }
        parameters |= {"StreamName": options.name} if options.name else {}
        parameters |= {"StreamError": error} if error else {}
        self.runtime.webhooks.send_callback(
            options.callback, options.callback_method, parameters, "status", self.call.sid, cookie_jar=self.call.sid
        )
