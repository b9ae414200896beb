"""The agent's voice: what the app wants the caller to hear, one utterance after another, until it is interrupted."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ringback.calls.audio_path import AudioPath, HeardItem
from ringback.calls.speaking_time import speaking_seconds
from ringback.service.media import Media

MAX_QUEUED_UTTERANCES = 1000  # about an hour of speech; the app's next message waits until there is room
TONE_SECONDS = 0.2
WAIT_SECONDS = 0.5  # for each `w` among the digits
FetchAudio = Callable[[str], Awaitable[Media | None]]
TAG = re.compile(r"</?[A-Za-z][^<>]*>")  # of SSML


@dataclass(frozen=True)
class Utterance:
    """A sentence. If `source` is set, a media file, played `loops` times; if `digits` is set, tones.

    `cycle` numbers the app's answers: it changes after a token with `last`, and with each media file."""

    cycle: int
    text: str = ""
    language: str = ""
    voice: str = ""
    source: str = ""
    loops: int = 1
    digits: str = ""
    interruptible: frozenset[str] = frozenset()
    preemptible: bool = False


@dataclass(frozen=True)
class Interruption:
    """The words of the agent's answer that the caller had heard, and how many milliseconds they took."""

    words: str
    milliseconds: int


class AgentVoice:
    """`on_speaking` is called when the agent starts and stops speaking, `on_played` with the words that were played."""

    def __init__(
        self,
        audio: AudioPath,
        fetch_audio: FetchAudio,
        on_speaking: Callable[[bool], None],
        on_played: Callable[[str], None],
    ) -> None:
        self.audio, self.fetch_audio, self.on_speaking, self.on_played = audio, fetch_audio, on_speaking, on_played
        self.queue: deque[Utterance] = deque()
        self.current: Utterance | None = None
        self.playing: asyncio.Task[None] | None = None
        self.item: HeardItem | None = None
        self.item_started = self.item_seconds = self.started = 0.0  # on the exchange's clock
        self.heard: list[str] = []  # the sentences of the cycle `heard_cycle` that have been spoken to the end
        self.heard_cycle = -1
        self.stopped = False  # the current utterance has been cut off
        self.changed = asyncio.Event()

    @property
    def is_speaking(self) -> bool:
        return self.current is not None or bool(self.queue)

    def add(self, utterance: Utterance) -> None:
        self.queue.append(utterance)
        self._wake()

    async def wait_for_room(self) -> None:
        """Waits until fewer than MAX_QUEUED_UTTERANCES are waiting to be spoken."""
        while len(self.queue) >= MAX_QUEUED_UTTERANCES:
            await self.changed.wait()

    async def wait_until_silent(self) -> None:
        while self.is_speaking:
            await self.changed.wait()

    async def run(self) -> None:
        """Plays the utterances until cancelled."""
        try:
            while True:
                while not self.queue:
                    await self.changed.wait()
                await self._play_next()
        finally:
            if self.playing:
                self.playing.cancel()
                await asyncio.gather(self.playing, return_exceptions=True)

    async def _play_next(self) -> None:
        utterance = self.queue.popleft()
        if self.current is None:
            self.on_speaking(True)
        if utterance.cycle != self.heard_cycle:
            self.heard_cycle, self.heard, self.started = utterance.cycle, [], self.audio.clock.time()
        self.current, self.stopped = utterance, False
        self.playing = asyncio.create_task(self._play(utterance))
        await asyncio.wait({self.playing})
        if not self.stopped:
            self.playing.result()
            if utterance.text:
                self.heard.append(utterance.text)
                self.on_played(utterance.text.strip())
        self.playing = self.item = None
        if not self.queue:
            self._fall_silent()
        self._wake()

    def _fall_silent(self) -> None:
        if self.current is not None:
            self.current = None
            self.on_speaking(False)

    async def _play(self, utterance: Utterance) -> None:
        if utterance.source:
            return await self._play_media(utterance)
        if utterance.digits:
            seconds = sum(WAIT_SECONDS if digit == "w" else TONE_SECONDS for digit in utterance.digits)
            return await self._play_item("Tones", seconds, digits=utterance.digits)
        text = utterance.text.strip()
        seconds = speaking_seconds(text)
        details = {"text": text, "language": utterance.language, "voice": utterance.voice}
        await self._play_item("Say", seconds, **details, seconds=round(seconds, 2))

    async def _play_media(self, utterance: Utterance) -> None:
        media = await self.fetch_audio(utterance.source)
        seconds = media.seconds if media else 0.0
        for _ in range(utterance.loops if media else 1):
            url = media.path if media else None
            await self._play_item("Play", seconds, url=url, source=utterance.source, seconds=round(seconds, 2))

    async def _play_item(self, verb: str, length: float, **details: object) -> None:
        self.item = self.audio.start_item(verb, **details)
        self.item_started, self.item_seconds = self.audio.clock.time(), length * self.audio.pace
        await self.audio.play_out(self.item, length)

    def interrupt(self, kind: str) -> Interruption | None:
        """Stops speaking if the caller may interrupt with this kind of input. Returns what had been heard, or None."""
        speaking = self.current or (self.queue[0] if self.queue else None)
        if speaking is None or kind not in speaking.interruptible:
            return None
        part, interruption = self._current_words(), Interruption("", 0)
        if speaking.cycle == self.heard_cycle:
            milliseconds = round((self.audio.clock.time() - self.started) * 1000)
            interruption = Interruption("".join([*self.heard, part]).strip(), milliseconds)
        self._stop(part, lambda utterance: True)
        self._fall_silent()
        return interruption

    def preempt(self, cycle: int) -> None:
        """Stops the preemptible utterances of other cycles, because the app has begun to say something else."""
        if self.current and self.current.preemptible and self.current.cycle != cycle:
            part = self._current_words()
            self._stop(part, lambda utterance: utterance.preemptible and utterance.cycle != cycle)

    def _current_words(self) -> str:
        """The words of the current utterance that have been spoken."""
        if not self.item or not self.current or not self.current.text:
            return ""
        elapsed = self.audio.clock.time() - self.item_started
        return spoken_part(self.current.text.strip(), elapsed / self.item_seconds if self.item_seconds else 1.0)

    def _stop(self, played_words: str, is_dropped: Callable[[Utterance], bool]) -> None:
        if played_words:
            self.on_played(played_words)
        self.queue = deque(utterance for utterance in self.queue if not is_dropped(utterance))
        if self.playing:
            self.stopped = True
            self.playing.cancel()
        self._wake()

    def _wake(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


def without_ssml(text: str) -> str:
    """The words of a text, without its SSML tags."""
    return TAG.sub("", text)


def spoken_part(text: str, fraction: float) -> str:
    """The words of `text` that are complete after this fraction of its characters, from 0 to 1."""
    if fraction >= 1:
        return text
    length = int(len(text) * max(fraction, 0.0))
    if text[length : length + 1].isspace():
        return text[:length].rstrip()
    return text[:length].rpartition(" ")[0].rstrip()
