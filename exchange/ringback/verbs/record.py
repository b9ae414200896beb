"""Record: beeps, then records the caller until a key, silence, the maximum length or a hang-up.

https://www.twilio.com/docs/voice/twiml/record (2026-11)"""

from __future__ import annotations

from asyncio import Queue
from dataclasses import replace

from ringback.calls.audio_path import CallerInput, KeyPress, Speech
from ringback.calls.call import CallRecorder
from ringback.evidence import documented
from ringback.service.sids import new_sid
from ringback.sound.recording_timeline import RecordingTimeline
from ringback.sound.recordings import Recording
from ringback.sound.transcription import Transcription
from ringback.twiml.attribute_values import boolean, method, whole_number
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
MAX_RECORDED_SECONDS, MAX_TRANSCRIBED_SECONDS = 3600, 120  # defaults of maxLength: without and with transcription


@verb("Record", documented("voice/twiml/record"), attributes=ATTRIBUTES, without_effect="recordingConfigurationId")
async def record(session: VoiceSession, element: Element) -> Outcome:
    """Returns the action, or None to run the next verb if the recording is silent. A silent recording is not stored.

    If the caller hangs up, the action is still requested, with Digits=hangup."""
    if boolean(session, element, "playBeep", True, 13616):
        await session.audio.play_out(session.audio.start_item("Beep"), 0.5)
    options = replace(recording_options(session, element, "RecordVerb"), discards_silence=True)
    recorder = CallRecorder(session.call, options)
    digits = "hangup"
    try:
        digits = await _until_finished(session, element, recorder.timeline)
    finally:
        recorder.close(after=session.call.wait_for_next_document)
        if recorder.recording.is_empty:
            session.state.recordings.pop(recorder.recording.sid, None)
            session.warn(16102, element)
        elif _transcribes(session, element):
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


async def _until_finished(session: VoiceSession, element: Element, timeline: RecordingTimeline) -> str:
    """Waits for the end of the recording. Returns the key that ended it, or ""."""
    finish_on_key = element.get("finishOnKey", ANY_KEY)
    if set(finish_on_key) - set(ANY_KEY):
        session.warn(13613, element, finish_on_key)
        finish_on_key = ANY_KEY
    timeout = whole_number(session, element, "timeout", 5, 13611)
    default_length = MAX_TRANSCRIBED_SECONDS if _transcribes(session, element) else MAX_RECORDED_SECONDS
    max_length = whole_number(session, element, "maxLength", default_length, 13612, minimum=1)
    description = {"max_length": max_length, "finish_on_key": finish_on_key, "timeout": timeout}
    with session.audio.listen({"record": description}) as inbox:
        try:
            async with session.state.clock.deadline(max_length):
                return await _until_silence(session, timeline, inbox, finish_on_key, timeout or max_length)
        except TimeoutError:
            return ""


async def _until_silence(
    session: VoiceSession, timeline: RecordingTimeline, inbox: Queue[CallerInput], finish_on_key: str, timeout: float
) -> str:
    clock = session.state.clock
    while True:
        try:
            async with clock.deadline(timeout):
                event = await inbox.get()
        except TimeoutError:
            return ""
        match event:
            case KeyPress(digit=digit) if digit in finish_on_key:
                return digit
            case Speech():
                await clock.sleep(timeline.remaining_seconds())


def _transcribes(session: VoiceSession, element: Element) -> bool:
    transcribe = boolean(session, element, "transcribe", False, 13614)
    return transcribe or bool(element.get("transcribeCallback"))


def _transcribe(session: VoiceSession, element: Element, recording: Recording) -> None:
    """Stores the transcription, which fails without text, and sends the transcribeCallback, always with POST."""
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
    if not element.get("transcribeCallback"):
        return
    url = session.absolute(element.get("transcribeCallback"))
    parameters = call.parameters() | {
        "TranscriptionSid": transcription.sid,
        "TranscriptionText": text,
        "TranscriptionStatus": transcription.status,
        "TranscriptionUrl": state.origin + transcription.path,
        "RecordingSid": recording.sid,
        "RecordingUrl": recording.url,
    }
    state.webhooks.send_callback(url, "POST", parameters, "status", call.sid, after=call.wait_for_next_document())
