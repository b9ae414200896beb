"""A call: one leg between the exchange and a handset, from its first ring to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from ringback.account.geography import geography
from ringback.calls.audio_path import AudioPath, CallerInput, HeardItem
from ringback.calls.call_log import CallLog, describe_input
from ringback.calls.plan import CallPlan
from ringback.runtime import Runtime
from ringback.service.dates import iso8601_milliseconds
from ringback.service.sids import new_sid
from ringback.sound.recorder import Recorder, WaitFor
from ringback.sound.recording_options import RecordingOptions
from ringback.twiml.steps import Step

FINAL_STATUSES = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "failed": "404", "canceled": "487"}
DETECTION_MILLISECONDS = "2000"  # milliseconds that machine detection takes
MAX_ACTION_WAIT_SECONDS = 5.0  # seconds a recording's callback waits for the action before it
PROGRESS_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}  # the rest is "completed"


class Call:
    """One leg. `audio` is the handset's end, `status` Twilio's call status; `changed` is set when either changes."""

    def __init__(self, runtime: Runtime, plan: CallPlan) -> None:
        self.runtime, self.plan = runtime, plan
        self.sid = new_sid("CA")
        self.status = "queued"
        self.created = self.updated = runtime.clock.now()
        self.answered: datetime | None = None
        self.ended: datetime | None = None
        self.answered_by: str | None = None
        self.audio = AudioPath(runtime.clock, runtime.settings.pace, self._publish)
        self.changed = asyncio.Event()
        self.sequence = 0
        self.interruption: Step | None = None  # what a live update or a hang-up wants to run instead
        self.running: asyncio.Task[Any] | None = None
        self.recordings: list[str] = []
        self.dial_status = ""  # what became of its last Dial
        self.serves_stale_document = False  # the fault stale-document waits for the next live update
        self.document_event = asyncio.Event()
        self.log = CallLog(runtime.clock)
        self.recorders: list[CallRecorder] = []  # that run now
        self.on_heard: Callable[[HeardItem], None] | None = None  # who else hears what reaches this ear
        self.redirected = False  # taken away from what it was doing by a live update

    @property
    def is_over(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def is_live(self) -> bool:
        return self.status == "in-progress"

    def interrupt(self, step: Step) -> None:
        """Stop the running verb, also one that waits for a webhook, and go on with `step`."""
        self.interruption = step
        if self.running:
            self.running.cancel()

    def publish(self) -> None:
        """Let the handset see how it stands."""
        if not self.plan.to_own_number:
            self.runtime.feed.publish("call", self.plan.handset, self.as_json(heard=False))

    def answer_inbound(self) -> None:
        """The app's end answers an incoming call; any other call is left as it is."""
        if self.plan.direction == "inbound" and self.status == "ringing":
            self.set_status("in-progress")

    def set_status(self, status: str) -> None:
        """Change the status; tell the handset, who waits, and the callbacks. A call that is over stays over."""
        if self.is_over or status == self.status:
            return
        self.status = status
        self.updated = self.runtime.clock.now()
        if status == "in-progress":
            self.answered = self.updated
            if self.plan.recording:
                CallRecorder(self, self.plan.recording)
        if self.is_over:
            self.ended = self.updated
            for recorder in list(self.recorders):
                recorder.close()
        self.log.add("status", status)
        waiting, self.changed = self.changed, asyncio.Event()
        waiting.set()
        self.publish()
        self.notify(PROGRESS_EVENTS.get(status, "completed"), status)

    def notify(self, event: str, status: str) -> None:
        """Send the status callbacks that asked for this event, each once."""
        callbacks = [callback for callback in self.plan.callbacks if callback.url and event in callback.events]
        if not callbacks or self.plan.hidden:
            return
        parameters = self.parameters() | {"CallStatus": status} | self._progress(event)
        self.sequence += 1
        for callback in callbacks:
            self.runtime.webhooks.send_callback(
                callback.url, callback.method, parameters, "voice-status", self.sid, cookie_jar=self.sid
            )

    def _progress(self, event: str) -> dict[str, str]:
        now = self.runtime.clock.now()
        parameters = {
            "Timestamp": now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self.sequence),
        }
        if event == "completed":
            seconds = self.duration() or 0
            parameters |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
            parameters |= {"SipResponseCode": SIP_CODES[self.status]}
            parameters |= self._recording()
        return parameters

    def _recording(self) -> dict[str, str]:
        if not self.recordings:
            return {}
        recording = self.runtime.recordings.get(self.recordings[-1])
        return recording.parameters() if recording and recording.source != "RecordVerb" else {}

    def document_received(self) -> None:
        """A document was answered: what was to come after it may go out."""
        waiting, self.document_event = self.document_event, asyncio.Event()
        waiting.set()

    async def wait_for_next_document(self) -> None:
        """Wait for the next document's answer, but not for long."""
        waiting = self.document_event
        with suppress(TimeoutError):
            async with self.runtime.clock.deadline(MAX_ACTION_WAIT_SECONDS):
                await waiting.wait()

    def duration(self) -> int | None:
        """Whole seconds talked, None while it lasts."""
        if not self.ended:
            return None
        return round((self.ended - self.answered).total_seconds()) if self.answered else 0

    def parameters(self) -> dict[str, str]:
        """The standard parameters of every voice webhook."""
        plan = self.plan
        parameters = {
            "AccountSid": plan.account,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Direction": plan.direction,
            "From": plan.from_,
            "Caller": plan.from_,
            "To": plan.to,
            "Called": plan.to,
        }
        parameters |= geography(plan.from_, "From", "Caller") | geography(plan.to, "To", "Called") | plan.extra
        if plan.parent:
            parameters["ParentCallSid"] = plan.parent
        if self.answered_by:
            parameters |= {"AnsweredBy": self.answered_by, "MachineDetectionDuration": DETECTION_MILLISECONDS}
        return parameters

    def take_input(self, event: CallerInput) -> None:
        """The person presses a key or speaks."""
        self.log.add("did", (describe_input(event), self.audio.take_input(event)))
        for recorder in self.recorders:
            recorder.on_input(event)

    def _publish(self, kind: str, payload: dict[str, Any]) -> None:
        if kind == "heard":
            self.log.add(kind, self.audio.heard[-1])
            for recorder in self.recorders:
                recorder.on_item_started(self.audio.heard[-1])
            if self.on_heard:
                self.on_heard(self.audio.heard[-1])
        elif kind == "ended":
            for recorder in self.recorders:
                recorder.on_item_ended(self.audio.heard[payload["id"] - 1])
        elif kind == "listening":
            self.log.add("listens", payload["listening"])
        if not self.plan.to_own_number:
            self.runtime.feed.publish(kind, self.plan.handset, {"call": self.sid} | payload)

    def as_json(self, heard: bool = True) -> dict[str, Any]:
        """As its handset sees it."""
        plan, outgoing = self.plan, self.plan.direction == "inbound"
        shown = {
            "sid": self.sid,
            "handset": plan.handset,
            "direction": "outgoing" if outgoing else "incoming",
            "from": plan.from_,
            "to": plan.to,
            "with": plan.to if outgoing else plan.from_,
            "status": self.status,
            "started": iso8601_milliseconds(self.created),
            "answered": iso8601_milliseconds(self.answered),
            "ended": iso8601_milliseconds(self.ended),
            "listening": self.audio.listening,
        }
        return shown | {"heard": [item.as_json() for item in self.audio.heard]} if heard else shown


class CallRecorder(Recorder):
    """Records one call: what its person says, and what they hear."""

    def __init__(self, call: Call, options: RecordingOptions) -> None:
        super().__init__(call.runtime, call.plan.account, options)
        self.call = call
        self.recording.call_sid = call.sid
        call.recordings.append(self.recording.sid)
        call.recorders.append(self)
        self.notify("in-progress")

    def close(self, after: WaitFor | None = None) -> None:
        if self in self.call.recorders:
            self.call.recorders.remove(self)
        super().close(after)
