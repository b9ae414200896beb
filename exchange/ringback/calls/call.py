"""A call: one leg between the exchange and a handset, with its status, callbacks and recorders.

https://www.twilio.com/docs/voice/api/call-resource (2026-11)"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from ringback.account.geography import geography
from ringback.calls.audio_path import AudioPath, AudioTap, CallerInput, CallListener, HeardItem
from ringback.calls.call_log import CallLog, LogEntry
from ringback.calls.call_plan import CallPlan
from ringback.runtime import Runtime
from ringback.service.clock import Timer
from ringback.service.dates import iso8601_milliseconds
from ringback.service.sids import new_sid
from ringback.sound.recorder import Recorder, WaitFor
from ringback.sound.recordings import RecordingOptions
from ringback.twiml.steps import Step

FINAL_STATUSES = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "failed": "404", "canceled": "487"}
DETECTION_MILLISECONDS = "2000"  # the MachineDetectionDuration parameter
MAX_ACTION_WAIT_SECONDS = 5.0  # how long a recording callback waits for the response to the action request
# The status callback event for each call status; every other status causes the event "completed".
PROGRESS_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


class Call:
    """One leg. `status` is Twilio's call status; `changed` is set and replaced when the status changes."""

    def __init__(self, runtime: Runtime, plan: CallPlan) -> None:
        self.runtime, self.plan = runtime, plan
        self.sid = new_sid("CA")
        self.status = "queued"
        self.was_placed = False  # true once an outgoing call has left the queue of calls
        self.created = self.updated = runtime.clock.now()
        self.answered: datetime | None = None
        self.ended: datetime | None = None
        self.answered_by: str | None = None
        self.audio = AudioPath(runtime.clock, runtime.settings.pace, self)
        self.changed = asyncio.Event()
        self.sequence = 0
        self.interruption: Step | None = None  # the step from a live update or hang-up that replaces the running one
        self.running: asyncio.Task[Any] | None = None
        self.recordings: list[str] = []  # sids
        self.dial_status = ""  # DialCallStatus of the last Dial
        self.serves_stale_document = False  # whether a live update has triggered the stale-document fault
        self.document_event = asyncio.Event()
        self.log = CallLog(runtime.clock)
        self.recorders: list[CallRecorder] = []  # the running ones
        self.taps: list[AudioTap] = []
        self.on_heard: Callable[[HeardItem], None] | None = None  # called with every item that the handset hears
        self.limit_timer: Timer | None = None
        self.redirected = False  # a live update has replaced the document
        self.on_refer: Callable[[str], bool] | None = None  # called when a SIP endpoint sends REFER; False declines it

    @property
    def is_over(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def is_live(self) -> bool:
        return self.status == "in-progress"

    def interrupt(self, step: Step) -> None:
        """Cancels the running verb and continues with `step`."""
        self.interruption = step
        if self.running:
            self.running.cancel()

    def publish(self) -> None:
        """Publishes the call to its handset's live feed."""
        if not self.plan.to_own_number:
            self.runtime.feed.publish("call", self.plan.handset, self.as_json(heard=False))

    def answer_inbound(self) -> None:
        """Answers an inbound call that is still ringing, when its first verb runs. Leaves any other call unchanged."""
        if self.plan.direction == "inbound" and self.status == "ringing":
            self.set_status("in-progress")

    def set_status(self, status: str) -> None:
        """Changes the status, wakes waiters, updates the handset and sends callbacks. A final status never changes."""
        if self.is_over or status == self.status:
            return
        self.status, self.updated = status, self.runtime.clock.now()
        if status == "in-progress":
            self.answered = self.updated
            if self.plan.recording:
                CallRecorder(self, self.plan.recording)
        if self.is_over:
            self.ended = self.updated
            self.audio.close()
            for tap in list(self.taps):
                tap.close()
            for recorder in list(self.recorders):
                recorder.close()
        self.log.add("status", status)
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()
        self.publish()
        self.notify(PROGRESS_EVENTS.get(status, "completed"), status)

    def notify(self, event: str, status: str) -> None:
        """Sends each status callback that is subscribed to this event."""
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
        """Wakes the callbacks that are waiting for the app to respond with a document."""
        received, self.document_event = self.document_event, asyncio.Event()
        received.set()

    def wait_for_next_document(self) -> Coroutine[Any, Any, None]:
        """Waits up to MAX_ACTION_WAIT_SECONDS for the next document, which may arrive before the first await."""
        return self._wait_for(self.document_event)

    async def _wait_for(self, received: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with self.runtime.clock.deadline(MAX_ACTION_WAIT_SECONDS):
                await received.wait()

    def duration(self) -> int | None:
        """Returns the seconds from answer to end, rounded; 0 if never answered, None if the call is not over."""
        if not self.ended:
            return None
        return round((self.ended - self.answered).total_seconds()) if self.answered else 0

    def parameters(self) -> dict[str, str]:
        """Returns the parameters that every voice webhook has.

        Source: https://www.twilio.com/docs/voice/twiml#request-parameters (2026-11)"""
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
        parameters |= geography(plan.from_, self.runtime.place_of(plan.from_), "From", "Caller")
        parameters |= geography(plan.to, self.runtime.place_of(plan.to), "To", "Called") | plan.extra
        if plan.parent:
            parameters["ParentCallSid"] = plan.parent
        if self.answered_by:
            parameters |= {"AnsweredBy": self.answered_by, "MachineDetectionDuration": DETECTION_MILLISECONDS}
        return parameters

    def take_input(self, event: CallerInput) -> None:
        """Passes the caller's input to the running verb, the recorders and the taps."""
        self.log.add_input(event, accepted=self.audio.take_input(event))
        for listener in self._listeners():
            listener.on_input(event)

    def _listeners(self) -> list[CallListener]:
        return [*self.recorders, *self.taps]

    def item_started(self, item: HeardItem) -> None:
        self.log.append(LogEntry(item.at, "heard", item))
        for listener in self._listeners():
            listener.on_item_started(item)
        if self.on_heard:
            self.on_heard(item)
        self._publish("heard", partial(item.as_json_at_start, item.details))

    def item_ended(self, item: HeardItem) -> None:
        for listener in self._listeners():
            listener.on_item_ended(item)
        self._publish("ended", item.as_json)

    def listening_changed(self, description: dict[str, Any] | None) -> None:
        self.log.add("listens", description)
        self._publish("listening", lambda: {"listening": description})

    def _publish(self, kind: str, payload: Callable[[], dict[str, Any]]) -> None:
        if not self.plan.to_own_number:
            self.runtime.feed.publish(kind, self.plan.handset, lambda: {"call": self.sid} | payload())

    def as_json(self, heard: bool = True) -> dict[str, Any]:
        """Returns the call as the handset API shows it, including the items heard unless `heard` is false."""
        plan, outgoing = self.plan, self.plan.direction == "inbound"
        fields = {
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
            "parameters": plan.delivered,
            "reason": plan.reason,
        }
        return fields | {"heard": [item.as_json() for item in self.audio.heard]} if heard else fields


class CallRecorder(Recorder):
    """Records one call: the caller's input and the items the caller hears."""

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
