"""Record: a beep, and then what the person says, until a key, silence, the longest length or the hang-up."""

from __future__ import annotations

from asyncio import Queue

from ringback.calls.audio_path import CallerInput, KeyPress, Speech
from ringback.calls.call import CallRecorder
from ringback.service.sids import new_sid
from ringback.sound.recording_timeline import RecordingTimeline
from ringback.sound.recordings import Recording
from ringback.sound.transcriptions import Transcription
from ringback.twiml.attributes import boolean, method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome
from ringback.verbs.recording_attributes import RECORDING_CALLBACK, recording_options
from ringback.verbs.registry import verb

ATTRIBUTES = (
    f"action method timeout finishOnKey maxLength playBeep trim transcribe transcribeCallback {RECORDING_CALLBACK} "
    "recordingConfigurationId"
)
ANY_KEY = "1234567890*#"


@verb("Record", attributes=ATTRIBUTES, without_effect="recordingConfigurationId")
async def record(session: VoiceSession, element: Element) -> Outcome:
    """The action is asked, also with Digits=hangup when the person hangs up; an empty recording falls through."""
    if boolean(session, element, "playBeep", True, 13616):
        await session.audio.play_out(session.audio.start_item("Beep"), 0.5)
    recorder = CallRecorder(session.call, recording_options(session, element, "RecordVerb"))
    digits = "hangup"
    try:
        digits = await _take(session, element, recorder.timeline)
    finally:
        recorder.close(after=session.call.wait_for_next_document)
        if _transcribes(session, element):
            _transcribe(session, element, recorder.recording)
        next_step = _action(session, element, recorder.recording, digits)
        if digits == "hangup":
            session.hangup_fetch = next_step
    return next_step


def _action(session: VoiceSession, element: Element, recording: Recording, digits: str) -> Fetch | None:
    if recording.is_empty:
        return None
    extra = {
        "RecordingUrl": recording.url,
        "RecordingSid": recording.sid,
        "RecordingDuration": str(recording.duration),
        "Digits": digits,
    }
    return session.fetch(element.get("action"), method(session, element, 13610), extra)


async def _take(session: VoiceSession, element: Element, timeline: RecordingTimeline) -> str:
    """Wait until it is over; the key that ended it, or ""."""
    finish = element.get("finishOnKey", ANY_KEY)
    if set(finish) - set(ANY_KEY):
        session.warn(13613, element, finish)
        finish = ANY_KEY
    silence = whole_number(session, element, "timeout", 5, 13611)
    longest = whole_number(
        session, element, "maxLength", 120 if _transcribes(session, element) else 3600, 13612, minimum=1
    )
    described = {"max_length": longest, "finish_on_key": finish, "timeout": silence}
    with session.audio.listen({"record": described}) as inbox:
        try:
            async with session.state.clock.deadline(longest):
                return await _until_quiet(session, timeline, inbox, finish, silence or longest)
        except TimeoutError:
            return ""


async def _until_quiet(
    session: VoiceSession, timeline: RecordingTimeline, inbox: Queue[CallerInput], finish: str, silence: float
) -> str:
    clock = session.state.clock
    while True:
        try:
            async with clock.deadline(silence):
                event = await inbox.get()
        except TimeoutError:
            return ""
        match event:
            case KeyPress(digit=digit) if digit in finish:
                return digit
            case Speech():
                await clock.sleep(timeline.remaining_seconds())


def _transcribes(session: VoiceSession, element: Element) -> bool:
    asked = boolean(session, element, "transcribe", False, 13614)
    return asked or bool(element.get("transcribeCallback"))


def _transcribe(session: VoiceSession, element: Element, recording: Recording) -> None:
    """Note what was said and tell the transcribeCallback, always by POST. Sound without words fails, as noise does."""
    state, call = session.state, session.call
    text = " ".join(recording.transcript)
    transcription = Transcription(
        sid=new_sid("TR"),
        account=recording.account,
        recording_sid=recording.sid,
        text=text,
        status="completed" if text else "failed",
        duration=recording.duration,
        created=state.clock.now(),
    )
    state.transcriptions[transcription.sid] = transcription
    address = session.absolute(element.get("transcribeCallback"))
    if not element.get("transcribeCallback"):
        return
    parameters = call.parameters() | {
        "TranscriptionSid": transcription.sid,
        "TranscriptionText": text,
        "TranscriptionStatus": transcription.status,
        "TranscriptionUrl": state.origin + transcription.path,
        "RecordingSid": recording.sid,
        "RecordingUrl": recording.url,
    }
    state.webhooks.send_callback(address, "POST", parameters, "status", call.sid, after=call.wait_for_next_document())
