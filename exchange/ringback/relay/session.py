"""A ConversationRelay session: from the handshake to the end, on one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ringback.calls.call import Call
from ringback.relay.agent_voice import AgentVoice, FetchAudio, Utterance
from ringback.relay.app_message_handler import AppMessageHandler
from ringback.relay.caller_input import CallerListener
from ringback.relay.connection import RelayConnection
from ringback.relay.session_result import SessionResult
from ringback.relay.settings import RelaySettings
from ringback.runtime import Runtime
from ringback.service.sids import new_sid
from ringback.websockets.handshake import HandshakeFailed

MAX_SESSION_SECONDS = 24 * 3600.0  # Twilio does not document the maximum; a call can last 24 hours
NO_ACCESS, CANNOT_CONNECT, MAX_DURATION = 64101, 64102, 64104


class RelaySession:
    """`run` returns when the session has ended; `result` says how."""

    def __init__(
        self, runtime: Runtime, call: Call, url: str, settings: RelaySettings, fetch_audio: FetchAudio
    ) -> None:
        self.runtime, self.call, self.settings = runtime, call, settings
        self.result = SessionResult(new_sid("VX"))
        setup = setup_message(call, self.result.session_sid, settings.parameters)
        self.connection = RelayConnection(runtime, call, url, setup, settings["applicationReconnect"])
        self.voice = AgentVoice(call.audio, fetch_audio, self._on_speaking, self._on_played)
        self.caller = CallerListener(call, settings, self.voice, self._post_input)
        self.app = AppMessageHandler(call, settings, self.voice, self.connection, self.result, self._on_settings)

    async def run(self) -> None:
        """Runs the session until the app or the caller ends it, or it fails."""
        try:
            await self.connection.open()
        except HandshakeFailed as failure:
            failure.report(self.runtime, self.call.sid, self.call.plan.handset, CANNOT_CONNECT)
            return self.result.fail()
        started = self.runtime.clock.time()
        try:
            if error := self.settings.provider_error():
                return await self._refuse(error)
            self._greet()
            async with self.runtime.clock.deadline(MAX_SESSION_SECONDS):
                await self._talk()
            await self.connection.send_waiting()
        except TimeoutError:
            self._report(MAX_DURATION)
            self.result.fail()
        finally:
            self.result.seconds = int(self.runtime.clock.time() - started)
            self.connection.close()

    async def _talk(self) -> None:
        """Runs the parts of the session concurrently until the app ends the session or its connection ends."""
        with self.call.audio.listen({"relay": self.caller.description()}) as inbox:
            parts: list[Callable[[], Any]] = [
                self.app.run,
                self.connection.send_all,
                self.voice.run,
                lambda: self.caller.run(inbox),
            ]
            tasks = [asyncio.create_task(part()) for part in parts]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()

    def _greet(self) -> None:
        if greeting := self.settings["welcomeGreeting"].strip():
            language = self.settings.tts_language
            interruptible = self.settings["welcomeGreetingInterruptible"]
            voice = self.settings.voice_for(language)
            self.voice.add(Utterance(0, greeting, language, voice, interruptible=interruptible))

    async def _refuse(self, error: str) -> None:
        """Ends the session with an error message, because the settings are incompatible."""
        self._report(NO_ACCESS, error)
        self.result.fail((str(NO_ACCESS), error))
        self.connection.post({"type": "error", "description": error})
        await self.connection.send_waiting()

    def _report(self, code: int, detail: str = "") -> None:
        self.runtime.debugger.report(code, sid=self.call.sid, handset=self.call.plan.handset, detail=detail)

    def _on_settings(self) -> None:
        self.call.audio.update_listening({"relay": self.caller.description()})

    def _post_input(self, message: dict[str, Any]) -> None:
        """Sends the caller's input. An interruption ends the app's answer; a prompt or key starts a new one."""
        if message["type"] == "interrupt":
            self.app.discard_answer()
        elif message["type"] in ("prompt", "dtmf"):
            self.app.begin_answer()
        self.connection.post(message)

    def _on_speaking(self, speaking: bool) -> None:
        if self.settings.has_event("speaker-events"):
            self.connection.post({"type": "info", "name": "agentSpeaking", "value": "on" if speaking else "off"})

    def _on_played(self, words: str) -> None:
        if self.settings.has_event("tokens-played"):
            self.connection.post({"type": "info", "name": "tokensPlayed", "value": words})


def setup_message(call: Call, session_sid: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The first message. callStatus is RINGING if this is an inbound call on which nothing has been heard yet.

    Source: https://www.twilio.com/docs/voice/conversationrelay/websocket-messages (2026-08-19)"""
    plan = call.plan
    is_fresh = plan.direction == "inbound" and not call.audio.heard
    kinds = {"client": "CLIENT", "sip": "SIP"}
    return {
        "type": "setup",
        "sessionId": session_sid,
        "accountSid": plan.account,
        "parentCallSid": plan.parent or "",
        "callSid": call.sid,
        "from": plan.from_,
        "to": plan.to,
        "forwardedFrom": "",
        "callType": kinds.get(plan.handset.partition(":")[0], "PSTN"),
        "callerName": plan.extra.get("CallerName", ""),
        "direction": plan.direction,
        "callStatus": "RINGING" if is_fresh else "IN_PROGRESS",
        "customParameters": parameters,
    }
