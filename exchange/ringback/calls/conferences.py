"""Conferences: rooms where everybody hears everybody, that begin and end as those who enter say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from ringback.calls.audio_path import AudioClip, CallerInput, Speech, remaining_speech_seconds
from ringback.calls.call import Call
from ringback.calls.participant import Participant
from ringback.runtime import Runtime
from ringback.service.bounded_dict import MAX_CONFERENCES, BoundedDict
from ringback.service.dates import rfc2822
from ringback.service.sids import new_sid
from ringback.sound.recorder import INBOUND, OUTBOUND, Recorder, WaitFor
from ringback.sound.recording_options import RecordingOptions

# What each participant event is called where it is subscribed to.
EVENT_SUBSCRIPTIONS = {
    "conference-start": "start",
    "conference-end": "end",
    "participant-join": "join",
    "participant-leave": "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
    "participant-modify": "modify",
    "participant-speech-start": "speaker",
    "participant-speech-stop": "speaker",
    "announcement-end": "announcement",
    "announcement-fail": "announcement",
}


class Conference:
    """One conference. Its callbacks are those its first participant asked for."""

    def __init__(self, runtime: Runtime, account: str, name: str) -> None:
        self.runtime, self.account, self.name = runtime, account, name
        self.sid = new_sid("CF")
        self.status = "init"
        self.created = self.updated = runtime.clock.now()
        self.participants: dict[str, Participant] = {}
        self.changed = asyncio.Event()
        self.callback = ""
        self.callback_method = "POST"
        self.events: frozenset[str] = frozenset()
        self.sequence = 0
        self.reason: str | None = None
        self.ended_by: Participant | None = None
        self.first = ""  # sid of the first who came
        self.recording_options: RecordingOptions | None = None
        self.event_callback_url = ""  # eventCallbackUrl
        self.recorder: ConferenceRecorder | None = None

    @property
    def is_started(self) -> bool:
        return self.status == "in-progress"

    def enter(self, participant: Participant) -> None:
        self.participants[participant.call.sid] = participant
        self.first = self.first or participant.call.sid
        self.notify("participant-join", participant)
        self._beep(participant, "onEnter")
        if (
            not self.is_started
            and len(self.participants) >= 2
            and any(found.start_on_enter for found in self.participants.values())
        ):
            self._set_status("in-progress")
            self.notify("conference-start")
        if self.is_started and self.recording_options:
            ConferenceRecorder(self, self.recording_options, self.first, self.event_callback_url)
            self.recording_options = None

    def leave(self, participant: Participant) -> None:
        """Somebody goes; with them, perhaps, the whole conference."""
        if self.participants.pop(participant.call.sid, None) is None:
            return
        participant.leave()
        self.notify("participant-leave", participant)
        if participant.end_on_exit:
            manner = "kicked" if participant.leave_reason == "participant_updated_via_api" else "left"
            self.end(f"participant-with-end-conference-on-exit-{manner}", participant)
        elif not self.participants:
            self.end("last-participant-left", participant)
        else:
            self._beep(participant, "onExit")

    def end(self, reason: str, by: Participant | None = None) -> None:
        """Everybody's Dial ends."""
        if self.status == "completed":
            return
        self.reason, self.ended_by = reason, by
        self._set_status("completed")
        over = "conference_ended_via_api" if by is None else "moderator_ended_conference"
        for participant in list(self.participants.values()):
            participant.leave_reason = over
            self.participants.pop(participant.call.sid)
            participant.leave()
            self.notify("participant-leave", participant)
        self.notify("conference-end")
        if self.recorder:
            self.recorder.close()

    def listeners(self, speaker: Call) -> Iterable[Call]:
        """Who hears what that call says."""
        own = self._speaker(speaker)
        if own is None:
            return []
        others = [found for found in self.participants.values() if found is not own and not found.hold]
        return [found.call for found in others if own.coached_sid in ("", found.sid)]

    def on_speech(self, speaker: Call, event: CallerInput) -> None:
        """Somebody speaks: it is told, and what everybody may hear is recorded."""
        own = self._speaker(speaker)
        if own and isinstance(event, Speech | AudioClip):
            self.notify("participant-speech-start", own)
            self.runtime.clock.call_later(
                remaining_speech_seconds(event, speaker.audio.pace), lambda: self._speech_stopped(own)
            )
        if self.recorder and own and not own.coached_sid:
            self.recorder.on_speech(speaker, event)

    def _speech_stopped(self, participant: Participant) -> None:
        if participant.sid in self.participants:
            self.notify("participant-speech-stop", participant)

    def _speaker(self, speaker: Call) -> Participant | None:
        own = self.participants.get(speaker.sid)
        return own if own and self.is_started and not own.muted and not own.hold else None

    def notify(self, event: str, participant: Participant | None = None, **more: str) -> None:
        """Send a status callback, if that event was asked for."""
        if not self.callback or EVENT_SUBSCRIPTIONS[event] not in self.events:
            return
        parameters = (
            {
                "ConferenceSid": self.sid,
                "FriendlyName": self.name,
                "AccountSid": self.account,
                "SequenceNumber": str(self.sequence),
                "Timestamp": rfc2822(self.runtime.clock.now()) or "",
                "StatusCallbackEvent": event,
            }
            | self._details(event, participant)
            | more
        )
        self.sequence += 1
        self.runtime.webhooks.send_callback(self.callback, self.callback_method, parameters, "status", self.sid)

    def _details(self, event: str, participant: Participant | None) -> dict[str, str]:
        if event == "conference-end":
            ending = self.ended_by.call.sid if self.ended_by else ""
            return {"ReasonConferenceEnded": self.reason or "", "CallSidEndingConference": ending}
        if participant is None:
            return {}
        parameters = {
            "CallSid": participant.call.sid,
            "Muted": _true_or_false(participant.muted),
            "Hold": _true_or_false(participant.hold),
            "Coaching": _true_or_false(bool(participant.coached_sid)),
            "EndConferenceOnExit": _true_or_false(participant.end_on_exit),
            "StartConferenceOnEnter": _true_or_false(participant.start_on_enter),
        }
        if participant.label:
            parameters["ParticipantLabel"] = participant.label
        if event == "participant-leave":
            parameters |= {
                "ReasonParticipantLeft": participant.leave_reason,
                "ParticipantCallStatus": participant.call.status,
            }
        return parameters

    def _beep(self, participant: Participant, when: str) -> None:
        if participant.beep in ("true", when) and self.is_started:
            for other in self.participants.values():
                if other is not participant:
                    other.call.audio.add_finished_item("Beep")

    def _set_status(self, status: str) -> None:
        self.status, self.updated = status, self.runtime.clock.now()
        waiting, self.changed = self.changed, asyncio.Event()
        waiting.set()


class ConferenceRecorder(Recorder):
    """Records a conference: the first who came on one track, everybody else on the other. `old` is eventCallbackUrl."""

    def __init__(self, conference: Conference, wanted: RecordingOptions, first: str, old: str = "") -> None:
        super().__init__(conference.runtime, conference.account, wanted)
        self.conference, self.first, self.old = conference, first, old
        self.recording.conference_sid = conference.sid
        conference.recorder = self
        self.notify("in-progress")

    def on_speech(self, call: Call, event: CallerInput) -> None:
        self.on_input(event, INBOUND if call.sid == self.first else OUTBOUND, call.sid)

    def close(self, after: WaitFor | None = None) -> None:
        if self.conference.recorder is self:
            self.conference.recorder = None
        super().close(after)

    def notify(self, status: str, after: WaitFor | None = None) -> None:
        super().notify(status, after)
        if self.old and status == "completed":
            parameters = self.recording.callback_parameters(status)
            parameters |= {"Duration": parameters["RecordingDuration"], "timestamp": parameters["RecordingStartTime"]}
            self.runtime.webhooks.send_callback(self.old, "POST", parameters, "status", self.recording.sid)


class Conferences(BoundedDict[str, Conference]):
    """All conferences, by sid, those that are over too."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(MAX_CONFERENCES, lambda conference: bool(conference.participants))
        self.runtime = runtime

    def get_or_create(self, account: str, name: str) -> Conference:
        """The conference of that name that is going on, or a new one."""
        for conference in reversed(self.values()):
            if conference.name == name and conference.status != "completed":
                return conference
        conference = Conference(self.runtime, account, name)
        self[conference.sid] = conference
        return conference


def _true_or_false(truth: bool) -> str:
    return "true" if truth else "false"
