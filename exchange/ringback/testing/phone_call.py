"""A phone's side of one call in a test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ringback.testing.failure_report import describe_call
from ringback.testing.json_api import Connection, handset_path
from ringback.testing.received_media import HeardSound
from ringback.testing.transcript import Transcript, Words

FINAL_STATUSES = {"completed", "busy", "no-answer", "failed", "canceled"}


class PhoneCall:
    """One call. A wait that fails raises AssertionError, which says what was heard instead."""

    def __init__(self, api: Connection, number: str, sid: str) -> None:
        self.api, self.number, self.sid = api, number, sid
        self.path = f"{handset_path(number)}/calls/{sid}"
        self.transcript = Transcript()

    def details(self) -> dict[str, Any]:
        """The call as the JSON API describes it."""
        found: dict[str, Any] = self.api.get(self.path)
        self.transcript.update(found["heard"])
        return found

    @property
    def status(self) -> str:
        """Twilio's call status: ringing, in-progress, completed, busy, …"""
        return str(self.details()["status"])

    @property
    def heard(self) -> list[str]:
        """Everything heard so far: words as they are, anything else in brackets, such as [Play https://…]."""
        self.details()
        return list(self.transcript.lines)

    def hears(self, words: Words) -> str:
        """Wait for these words, ignoring case, or this pattern, after the previous match of `hears`.

        Returns the matching line of `heard`. A sound is matched by its URL in the app's TwiML."""
        __tracebackhide__ = True

        def match() -> str | None:
            status = self.details()["status"]
            found = self.transcript.find(words)
            if found is None and status in FINAL_STATUSES:
                raise AssertionError(self._failure(f"did not hear {words!r} before the call ended"))
            return found

        return self.api.wait(match, lambda: self._failure(f"did not hear {words!r}"))

    def presses(self, digits: str) -> None:
        """Wait until the call listens for keys, and press them: 0-9, * and #."""
        __tracebackhide__ = True
        self._wait_until(_accepts_keys, f"could not press {digits}: the call did not listen for keys")
        self.api.post(f"{self.path}/keys", {"digits": digits})

    def says(self, words: str, *, confidence: float = 0.9) -> None:
        """Wait until the call listens for speech, and say this. Speech recognition reports `confidence`."""
        __tracebackhide__ = True
        self._wait_until(_accepts_speech, f"could not say {words!r}: the call did not listen for speech")
        self.api.post(f"{self.path}/speech", {"words": words, "confidence": confidence})

    def plays(self, sound: Path | bytes) -> None:
        """Wait until the call listens, and play a sound into the phone: a WAV file or its content (16-bit PCM)."""
        __tracebackhide__ = True
        self._wait_until(lambda listening: bool(listening), "could not play a sound: nothing listened")
        self.api.post_wav(f"{self.path}/audio", sound.read_bytes() if isinstance(sound, Path) else sound)

    @property
    def sounds(self) -> list[HeardSound]:
        """The sounds that the app has played over a media stream, except one that is still playing."""
        items = [item for item in self.details()["heard"] if item["verb"] == "Audio" and item["ended"]]
        return [
            HeardSound(item["seconds"], item["interrupted"], partial(self.api.download, item["url"])) for item in items
        ]

    def returns_mark(self, name: str) -> None:
        """Wait until a mark has been returned to the app: the audio before it has then been heard or cleared."""
        __tracebackhide__ = True

        def returned() -> bool:
            streams = self.api.get(f"{self.path}/streams")["streams"]
            marks = [mark for stream in streams for mark in stream["marks"]]
            return any(mark["name"] == name and mark["returned"] for mark in marks)

        self.api.wait(returned, lambda: self._failure(f"has returned no mark {name!r}"))

    def answers(self) -> None:
        """Answer, if the phone has not answered by itself."""
        if self.status == "ringing":
            self.api.post(f"{self.path}/answer", {})

    def hangs_up(self) -> None:
        """Hang up; decline the call if it is still ringing, so that the caller gets `busy`."""
        self.api.post(f"{self.path}/hangup", {})

    def ends(self, status: str = "completed") -> None:
        """Wait until the call is over, and check its status."""
        __tracebackhide__ = True
        ended = self.api.wait(
            lambda: self.status if self.status in FINAL_STATUSES else None, lambda: self._failure("is still in a call")
        )
        if ended != status:
            raise AssertionError(self._failure(f"expected the status {status}, not {ended}"))

    def _wait_until(self, is_ready: Callable[[dict[str, Any]], bool], failure: str) -> None:
        __tracebackhide__ = True

        def ready() -> bool:
            call = self.details()
            if call["status"] in FINAL_STATUSES:
                raise AssertionError(self._failure(f"{failure}, and is over"))
            return is_ready(call["listening"] or {})

        self.api.wait(ready, lambda: self._failure(failure))

    def _failure(self, what: str) -> str:
        return f"{self.number} {what}.\n{describe_call(self.details())}"


def _accepts_keys(listening: dict[str, Any]) -> bool:
    return "dtmf" in listening["gather"]["input"] if "gather" in listening else bool(listening)


def _accepts_speech(listening: dict[str, Any]) -> bool:
    return "speech" in listening["gather"]["input"] if "gather" in listening else bool(listening)
