"""Conferences, with their callbacks and recordings. Every participant hears all others.

https://www.twilio.com/docs/voice/twiml/conference (2026-11)"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from ringback.calls.audio_path import AudioClip, CallerInput, Speech
from ringback.calls.call import Call
from ringback.calls.participant import Participant
from ringback.calls.speaking_time import remaining_speech_seconds
from ringback.runtime import Runtime
from ringback.service.bounded_dict import BoundedDict
from ringback.service.dates import rfc2822
from ringback.service.sids import new_sid
from ringback.sound.recorder import INBOUND, OUTBOUND, Recorder, WaitFor
from ringback.sound.recordings import RecordingOptions

MAX_CONFERENCES = 500  # not counting conferences with participants


# For each event, the statusCallbackEvent value that subscribes to it:
# https://www.twilio.com/docs/voice/twiml/conference#statuscallbackevent (2026-11)
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
    """One conference. `callback` and `events` are those of the first participant that sets a statusCallback."""

    def __init__(self, runtime: Runtime, account: str, name: str) -> None:
        self.runtime, self.account, self.name = runtime, account, name
        self.sid = new_sid("CF")
        self.status = "init"
        self.created = self.updated = runtime.clock.now()
        self.participants: dict[str, Participant] = {}
        self.connecting: list[Participant] = []  # added through the REST API, but not in the conference yet
        self.changed = asyncio.Event()
        self.callback = ""
        self.callback_method = "POST"
        self.events: frozenset[str] = frozenset()
        self.sequence = 0
        self.reason: str | None = None
        self.ended_by: Participant | None = None
        self.first = ""  # call sid of the first participant
        self.recording_options: RecordingOptions | None = None  # for a recording that starts with the conference
        self.event_callback_url = ""
        self.recorder: ConferenceRecorder | None = None

    @property
    def is_started(self) -> bool:
        return self.status == "in-progress"

    def enter(self, participant: Participant) -> None:
        self.participants[participant.call.sid] = participant
        self.first = self.first or participant.call.sid
        self.notify("participant-join", participant)
        if not self.is_started and self._can_start():
            self._set_status("in-progress")
            self.notify("conference-start")
        self._beep(participant, "onEnter")
        if self.is_started and self.recording_options:
            ConferenceRecorder(self, self.recording_options, self.first, self.event_callback_url)
            self.recording_options = None

    def _can_start(self) -> bool:
        participants = self.participants.values()
        return len(participants) >= 2 and any(participant.start_on_enter for participant in participants)

    def leave(self, participant: Participant) -> None:
        """Removes a participant. Ends the conference if nobody is left or the participant has endConferenceOnExit."""
        if self.participants.pop(participant.call.sid, None) is None:
            return
        participant.leave()
        self.notify("participant-leave", participant)
        manner = "kicked" if participant.leave_reason == "participant_updated_via_api" else "left"
        if participant.end_on_exit:
            self.end(f"participant-with-end-conference-on-exit-{manner}", participant)
        elif not self.participants:
            self.end(f"last-participant-{manner}", participant)
        else:
            self._beep(participant, "onExit")

    def end(self, reason: str, by: Participant | None = None) -> None:
        """Ends the conference, and with it every participant's Dial. `by` is None if the REST API ends it."""
        if self.status == "completed":
            return
        self.reason, self.ended_by = reason, by
        self._set_status("completed")
        leave_reason = "conference_ended_via_api" if by is None else "moderator_ended_conference"
        for participant in list(self.participants.values()):
            participant.leave_reason = leave_reason
            self.participants.pop(participant.call.sid)
            participant.leave()
            self.notify("participant-leave", participant)
        self.notify("conference-end")
        if self.recorder:
            self.recorder.close()

    def listeners(self, speaker: Call) -> Iterable[Call]:
        """Returns the calls that hear this speaker; if the speaker is a coach, only the coached call."""
        participant = self._audible_participant(speaker)
        if participant is None:
            return []
        others = [other for other in self.participants.values() if other is not participant and not other.hold]
        return [other.call for other in others if participant.coached_sid in ("", other.sid)]

    def on_input(self, speaker: Call, event: CallerInput) -> None:
        """Sends the speech callbacks. Records the input, unless it comes from a coach."""
        participant = self._audible_participant(speaker)
        if participant is None:
            return
        if isinstance(event, Speech | AudioClip):
            self.notify("participant-speech-start", participant)
            seconds = remaining_speech_seconds(event, speaker.audio.pace)
            self.runtime.clock.call_later(seconds, lambda: self._on_speech_stopped(participant))
        if self.recorder and not participant.coached_sid:
            self.recorder.on_conference_input(speaker, event)

    def _on_speech_stopped(self, participant: Participant) -> None:
        if participant.sid in self.participants:
            self.notify("participant-speech-stop", participant)

    def _audible_participant(self, speaker: Call) -> Participant | None:
        participant = self.participants.get(speaker.sid)
        if participant is None or not self.is_started or participant.muted or participant.hold:
            return None
        return participant

    def notify(self, event: str, participant: Participant | None = None, **extra: str) -> None:
        """Sends the status callback if it is subscribed to this event. `extra` holds additional parameters."""
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
            | extra
        )
        self.sequence += 1
        self.runtime.webhooks.send_callback(self.callback, self.callback_method, parameters, "status", self.sid)

    def _details(self, event: str, participant: Participant | None) -> dict[str, str]:
        if event == "conference-end":
            ended_by = self.ended_by.call.sid if self.ended_by else ""
            parameters = {"ReasonConferenceEnded": self.reason or "", "CallSidEndingConference": ended_by}
            if self.ended_by and self.ended_by.label:
                parameters["ParticipantLabelEndingConference"] = self.ended_by.label
            return parameters
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
                "ReasonParticipantLeft": participant.reason_left,
                "ParticipantCallStatus": participant.call_status,
            }
        return parameters

    def _beep(self, participant: Participant, when: str) -> None:
        if participant.beep in ("true", when) and self.is_started:
            for other in self.participants.values():
                if other is not participant:
                    other.call.audio.add_finished_item("Beep")

    def _set_status(self, status: str) -> None:
        self.status, self.updated = status, self.runtime.clock.now()
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class ConferenceRecorder(Recorder):
    """Records a conference: the call `first` on one track, all other participants on the other track."""

    def __init__(
        self, conference: Conference, options: RecordingOptions, first: str, event_callback_url: str = ""
    ) -> None:
        super().__init__(conference.runtime, conference.account, options)
        self.conference, self.first, self.event_callback_url = conference, first, event_callback_url
        self.recording.conference_sid = conference.sid
        conference.recorder = self
        self.notify("in-progress")

    def on_conference_input(self, call: Call, event: CallerInput) -> None:
        self.on_input(event, INBOUND if call.sid == self.first else OUTBOUND, call.sid)

    def close(self, after: WaitFor | None = None) -> None:
        if self.conference.recorder is self:
            self.conference.recorder = None
        super().close(after)

    def notify(self, status: str, after: WaitFor | None = None) -> None:
        super().notify(status, after)
        if self.event_callback_url and status == "completed":
            parameters = self.recording.callback_parameters(status)
            parameters |= {"Duration": parameters["RecordingDuration"], "timestamp": parameters["RecordingStartTime"]}
            self.runtime.webhooks.send_callback(
                self.event_callback_url, "POST", parameters, "status", self.recording.sid
            )


class Conferences(BoundedDict[str, Conference]):
    """All conferences by sid, including completed ones."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(MAX_CONFERENCES, lambda conference: bool(conference.participants))
        self.runtime = runtime

    def get_or_create(self, account: str, name: str) -> Conference:
        """Returns the account's conference with this name, or a new one if there is none or it has ended."""
        for conference in reversed(self.values()):
            if (conference.account, conference.name) == (account, name) and conference.status != "completed":
                return conference
        conference = Conference(self.runtime, account, name)
        self[conference.sid] = conference
        return conference


def _true_or_false(value: bool) -> str:
    return "true" if value else "false"
