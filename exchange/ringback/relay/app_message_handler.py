"""Handles what the app sends during a ConversationRelay session."""

from __future__ import annotations

from collections.abc import Callable

from ringback.calls.call import Call
from ringback.calls.call_log import LogEntry, SocketMessage
from ringback.relay.agent_voice import AgentVoice, Utterance, without_ssml
from ringback.relay.app_message_parser import (
    MAX_LOOPS,
    AppMessage,
    EndSession,
    InvalidMessage,
    PlayMedia,
    SendDigits,
    SwitchLanguage,
    TextToken,
    UpdateConfig,
    parse_message,
)
from ringback.relay.connection import RelayConnection
from ringback.relay.malformed_messages import TOO_MANY_MALFORMED, MalformedMessages
from ringback.relay.sentence_buffer import SentenceBuffer
from ringback.relay.session_result import SessionResult
from ringback.relay.settings import RelaySettings
from ringback.websockets.app_socket import Closed, Frame

UNFINISHED_SECONDS = 5.0  # a prompt this long after the last token: the app seems to have omitted `last`
MAX_SHOWN_CHARACTERS = 300
MAX_LOGGED_CHARACTERS = 4000  # of one entry in the call's log
NAMES = {PlayMedia: "play", SendDigits: "sendDigits", SwitchLanguage: "language", UpdateConfig: "config"}
SPELLING = 12200


class AppMessageHandler:
    """`run` returns when the app has ended the session, or its connection has ended."""

    def __init__(
        self,
        call: Call,
        settings: RelaySettings,
        voice: AgentVoice,
        connection: RelayConnection,
        result: SessionResult,
        on_settings: Callable[[], None],
    ) -> None:
        self.call, self.settings, self.voice, self.connection = call, settings, voice, connection
        self.result, self.on_settings = result, on_settings
        self.sentences = SentenceBuffer()
        self.cycle = 1
        self.token: TextToken | None = None  # the last token of an unfinished answer
        self.token_at = 0.0  # on the exchange's clock, like asked_at
        self.asked_at: float | None = None  # when the app was sent the prompt that it has not answered yet
        self.discards = False  # whether to drop the rest of the answer, which the caller has interrupted
        self.malformed = MalformedMessages(call)
        self.token_entry: LogEntry | None = None

    async def run(self) -> None:
        while True:
            frame = await self.connection.receive()
            if isinstance(frame, Closed):
                self.connection.report_end(frame)
                return self.result.fail()
            try:
                message, unknown = self._parse(frame)
            except InvalidMessage as error:
                self.connection.post(self.malformed.refuse(frame, str(error)))
                if self.malformed.are_too_many:
                    return self._give_up()
                continue
            self.malformed.in_a_row = 0
            self._warn_of(unknown)
            if isinstance(message, EndSession):
                return await self._end(message)
            self._log(message, frame.text or "")
            self._handle(message)
            await self.voice.wait_for_room()

    def discard_answer(self) -> None:
        """Forgets the answer that the caller has interrupted, and drops the tokens of it that are still to come."""
        self.sentences.flush()
        self.discards = self.token is not None

    def begin_answer(self) -> None:
        """Starts a new answer when the app is sent the caller's input. Later tokens belong to the new answer."""
        self.asked_at = self.call.runtime.clock.time()
        if self.discards:
            self._end_answer()
        elif self.sentences.text.strip() and self._seconds_since_token() >= UNFINISHED_SECONDS:
            rest = self.sentences.text.strip()[:100]
            fix = "Send a text message with last: true at the end of each answer."
            self._report(SPELLING, f"ConversationRelay: the answer has no end, so “{rest}” was not spoken", fix)

    def _end_answer(self) -> None:
        self.discards, self.token = False, None
        self.cycle += 1

    def _post_delay(self) -> None:
        """Tells the app how long it took to answer, if it has subscribed to debugging messages."""
        if self.asked_at is not None and self.settings.has_event("debugging"):
            milliseconds = round((self.call.runtime.clock.time() - self.asked_at) * 1000)
            self.connection.post({"type": "info", "name": "roundTripDelayMs", "value": milliseconds})
        self.asked_at = None

    def _seconds_since_token(self) -> float:
        return self.call.runtime.clock.time() - self.token_at

    def _parse(self, frame: Frame) -> tuple[AppMessage, list[str]]:
        if frame.text is None:
            raise InvalidMessage("it is binary")
        return parse_message(frame.text)

    def _give_up(self) -> None:
        code, reason = TOO_MANY_MALFORMED
        self.connection.report_end(Closed(code, reason))
        self.connection.close(code, reason)
        self.result.fail()

    def _warn_of(self, unknown: list[str]) -> None:
        if unknown:
            self._report(SPELLING, f"ConversationRelay message: unknown fields {', '.join(unknown)[:200]}")

    def _report(self, code: int, detail: str, fix: str = "") -> None:
        debugger, handset = self.call.runtime.debugger, self.call.plan.handset
        debugger.report(code, sid=self.call.sid, handset=handset, mend=fix, detail=detail)

    def _handle(self, message: AppMessage) -> None:
        match message:
            case TextToken():
                self._add_token(message)
            case PlayMedia():
                self._flush()
                self.cycle += 1
                loops = message.loop or MAX_LOOPS
                self._say(message, source=message.source, loops=loops)
                self.cycle += 1
            case SendDigits(digits=digits):
                self._flush()
                self.voice.add(Utterance(self.cycle, digits=digits))
            case SwitchLanguage():
                self._flush()
                self.settings.switch_language(message.tts, message.transcription)
                self.on_settings()
            case UpdateConfig():
                self._update(message)

    def _add_token(self, token: TextToken) -> None:
        self._post_delay()
        if self.discards:
            if token.last:
                self._end_answer()
            return
        if self.token is None:
            self.voice.preempt(self.cycle)
        elif self.token.lang != token.lang:
            self._flush()
        self.token, self.token_at = token, self.call.runtime.clock.time()
        for sentence in self.sentences.add(token.token):
            self._say(token, text=sentence, lang=token.lang)
        if token.last:
            self._flush()
            self._end_answer()

    def _flush(self) -> None:
        """Speaks the last, incomplete sentence."""
        for rest in self.sentences.flush():
            self._say(self.token or TextToken(""), text=rest, lang=self.token.lang if self.token else "")

    def _say(
        self, message: TextToken | PlayMedia, text: str = "", lang: str = "", source: str = "", loops: int = 1
    ) -> None:
        words, language = without_ssml(text), lang or self.settings.tts_language
        if not words.strip() and not source:
            return
        settings = self.settings
        utterance = Utterance(
            cycle=self.cycle,
            text=words,
            language=language,
            voice=settings.voice_for(language),
            source=source,
            loops=loops,
            interruptible=settings["interruptible"] if message.interruptible is None else message.interruptible,
            preemptible=settings["preemptible"] if message.preemptible is None else message.preemptible,
        )
        if source:
            self.voice.preempt(self.cycle)
        self.voice.add(utterance)

    def _update(self, message: UpdateConfig) -> None:
        self._flush()
        self.settings.update(message.settings, message.languages)
        self.settings.switch_language(message.language.tts, message.language.transcription)
        self.on_settings()
        changed = [*message.settings, *(["languages"] if message.languages else [])]
        self.connection.post({"type": "info", "name": "configUpdated", "value": " ".join(changed)})

    async def _end(self, message: EndSession) -> None:
        """Ends the session once everything that the app sent earlier has been spoken."""
        self._flush()
        self.call.log.add("message", SocketMessage(False, "end", message.handoff_data or ""))
        await self.voice.wait_until_silent()
        self.result.status, self.result.handoff_data = "ended", message.handoff_data

    def _log(self, message: AppMessage, text: str) -> None:
        """Logs a message. The tokens of one answer share one entry."""
        if not isinstance(message, TextToken):
            self.token_entry = None
            self.call.log.add("message", SocketMessage(False, NAMES[type(message)], text[:MAX_SHOWN_CHARACTERS]))
            return
        before = self.token_entry.data.text if self.token_entry and self.token else ""
        if self.token_entry and before and len(before) < MAX_LOGGED_CHARACTERS:
            self.token_entry.data = _text_message(before + message.token)
        else:
            self.token_entry = self.call.log.add("message", _text_message(message.token))


def _text_message(words: str) -> SocketMessage:
    shown = words if len(words) <= MAX_SHOWN_CHARACTERS else words[:MAX_SHOWN_CHARACTERS] + "…"
    return SocketMessage(False, f"text “{shown.strip()}”", words)
