"""A typical voice agent on ConversationRelay: a pizzeria's line, with a streaming model and a hand-off.

The model is a stand-in that streams answers from a table, word by word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, VoiceResponse

from support.exchange import TOKEN

ANSWERS = {
    "menu": "We have three pizzas today. The first is a margherita with basil. The second has anchovies and capers.",
    "order": "One margherita, then. It will be ready in twenty minutes.",
    "human": "I will connect you.",
}
DESK = "+441632960002"


async def model(words: str) -> AsyncIterator[str]:
    """Streams an answer, token by token."""
    answer = next((answer for key, answer in ANSWERS.items() if key in words), "I did not understand that.")
    for token in answer.split(" "):
        await asyncio.sleep(0)
        yield token + " "


@dataclass
class Conversation:
    """One call: what both sides have said, and the answer that is being streamed."""

    socket: web.WebSocketResponse
    history: list[tuple[str, str]] = field(default_factory=list)
    answering: asyncio.Task[None] | None = None

    async def answer(self, words: str) -> None:
        self.history.append(("caller", words))
        said = ""
        async for token in model(words):
            said += token
            await self.send(type="text", token=token, last=False)
        await self.send(type="text", token="", last=True)
        self.history.append(("agent", said.strip()))
        if "human" in words:
            await self.send(type="end", handoffData=json.dumps({"reason": "asked for a human"}))

    async def send(self, **message: Any) -> None:
        await self.socket.send_json(message)

    def cut(self, heard: str) -> None:
        """Stop the last answer, of which the caller has heard only this much."""
        if self.answering:
            self.answering.cancel()
        if self.history and self.history[-1][0] == "agent":
            self.history.pop()
        self.history.append(("agent", heard))


class AgentApp:
    """Serves the webhooks and the WebSocket. `conversations` is keyed by call SID."""

    def __init__(self) -> None:
        self.origin = ""
        self.conversations: dict[str, Conversation] = {}
        self.web = web.Application()
        self.web.add_routes([web.post("/voice", self.voice), web.get("/agent", self.agent)])
        self.web.add_routes([web.post("/after", self.after)])

    async def voice(self, request: web.Request) -> web.Response:
        await self._check(request)
        connect = Connect(action="/after")
        connect.conversation_relay(
            url=f"wss://{request.host}/agent",
            welcome_greeting="Pizzeria Bella. What would you like?",
            report_input_during_agent_speech="speech",
            dtmf_detection=True,
        ).parameter(name="branch", value="north")
        return self._xml(VoiceResponse().append(connect))

    async def after(self, request: web.Request) -> web.Response:
        form = await self._check(request)
        answer = VoiceResponse()
        if form["SessionStatus"] == "ended" and "HandoffData" in form:
            answer.dial(DESK, timeout=10)
        return self._xml(answer)

    async def agent(self, request: web.Request) -> web.StreamResponse:
        signature = request.headers["x-twilio-signature"]
        if not RequestValidator(TOKEN).validate(f"wss://{request.host}{request.path_qs}", {}, signature):
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(timeout=1)
        await socket.prepare(request)
        conversation = Conversation(socket)
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self._take(conversation, json.loads(frame.data))
        return socket

    def _take(self, conversation: Conversation, message: dict[str, Any]) -> None:
        match message["type"]:
            case "setup":
                self.conversations[message["callSid"]] = conversation
            case "prompt":
                conversation.answering = asyncio.create_task(conversation.answer(message["voicePrompt"]))
            case "dtmf" if message["digit"] == "0":
                conversation.answering = asyncio.create_task(conversation.answer("human"))
            case "interrupt":
                conversation.cut(message["utteranceUntilInterrupt"])

    async def _check(self, request: web.Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers["X-Twilio-Signature"]
        if not RequestValidator(TOKEN).validate(f"http://{request.host}{request.path_qs}", form, signature):
            raise web.HTTPForbidden
        return form

    def _xml(self, document: VoiceResponse) -> web.Response:
        return web.Response(text=str(document), content_type="text/xml")
