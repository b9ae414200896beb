"""Record: a beep, and then what the person says, until a key, silence, the longest length or the hang-up."""

from __future__ import annotations

from asyncio import Queue

from exchange import audio
from exchange.attributes import method, truth, whole
from exchange.line import Audio, Event, Key, Words
from exchange.program import Fetch, Outcome, Session
from exchange.recordings import Recording
from exchange.transcriptions import transcribe
from exchange.twiml import Element

ANY_KEY = "1234567890*#"


async def record(session: Session, element: Element) -> Outcome:
    """The action is asked, also with Digits=hangup when the person hangs up; an empty recording falls through."""
    if truth(session, element, "playBeep", True, 13616):
        await session.line.lasting(session.line.hear("Beep"), 0.5)
    recording = session.board.recordings.begin(session.call, "RecordVerb")
    digits = "hangup"
    try:
        digits = await _take(session, element, recording)
    finally:
        _finish(session, element, recording)
        next_step = _action(session, element, recording, digits)
        if digits == "hangup":
            session.parting = next_step
    return next_step


def _action(session: Session, element: Element, recording: Recording, digits: str) -> Fetch | None:
    if recording.empty:
        return None
    extra = {
        "RecordingUrl": recording.url,
        "RecordingSid": recording.sid,
        "RecordingDuration": str(recording.duration),
        "Digits": digits,
    }
    return session.fetch(element.get("action"), method(session, element, 13610), extra)


async def _take(session: Session, element: Element, recording: Recording) -> str:
    """Take what is said into the recording; the key that ended it, or ""."""
    finish = element.get("finishOnKey", ANY_KEY)
    if set(finish) - set(ANY_KEY):
        session.warn(13613, element, finish)
        finish = ANY_KEY
    silence = whole(session, element, "timeout", 5, 13611)
    longest = whole(session, element, "maxLength", 120 if _transcribes(session, element) else 3600, 13612, least=1)
    described = {"max_length": longest, "finish_on_key": finish, "timeout": silence}
    with session.line.listen({"record": described}) as inbox:
        try:
            async with session.board.clock.deadline(longest):
                return await _until_quiet(session, recording, inbox, finish, silence or longest)
        except TimeoutError:
            return ""


async def _until_quiet(session: Session, recording: Recording, inbox: Queue[Event], finish: str, silence: float) -> str:
    clock = session.board.clock
    while True:
        since, spoken = clock.time(), 0.0
        try:
            async with clock.deadline(silence):
                event = await inbox.get()
            spoken = audio.seconds(event.sound) if isinstance(event, Audio) else 0.0
        except TimeoutError:
            return ""
        finally:  # sound arrives when it is over: the wait was that sound, and only what is left was silence
            recording.add_silence(clock.time() - since - spoken)
        match event:
            case Key(digit=digit) if digit in finish:
                return digit
            case Words(text=text):
                sound = audio.speech(text)
                recording.add(sound, text)
                await clock.sleep(audio.seconds(sound) * session.line.pace)
            case Audio(sound=sound):
                recording.add(sound)


def _transcribes(session: Session, element: Element) -> bool:
    asked = truth(session, element, "transcribe", False, 13614)
    return asked or bool(element.get("transcribeCallback"))


def _finish(session: Session, element: Element, recording: Recording) -> None:
    """Close the recording; its callbacks follow the action."""
    recording.close(trim=element.get("trim") != "do-not-trim")
    board, call = session.board, session.call
    if address := element.get("recordingStatusCallback"):
        way = method(session, element, 12200, "recordingStatusCallbackMethod")
        events = element.get("recordingStatusCallbackEvent", "completed").split()
        status = "absent" if recording.empty else "completed"
        if status in events or (status == "absent" and "completed" in events):
            told = recording.as_callback(status)
            board.call_back(
                session.absolute(address), way, told, "status", recording.sid, after=call.after_next_request()
            )
    if _transcribes(session, element):
        transcribe(session, element, recording)
