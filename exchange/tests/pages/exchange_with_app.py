"""A real exchange with a stopped clock, and the small app that answers its number, both on loopback."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Coroutine
from html import escape
from typing import Any

import requests
from aiohttp import web
from twilio.rest import Client

from ringback.service.settings import Settings
from ringback.testing.ports import reserved_port
from ringback.testing.stepped_clock import SteppedClock
from ringback.testing.waiting import LIMIT_SECONDS, eventually
from ringback.web.server import Server

ACCOUNT, TOKEN = "AC" + "0" * 32, "a token of these tests"
NUMBER = "+441632960000"
FRONT_ROW, BALCONY = "+447700900001", "+447700900002"
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><circle r="4"/></svg>'
MENU = '<Gather input="dtmf speech" numDigits="1" action="/menu" timeout="60"><Say>{}</Say></Gather>'


def twiml(inside: str) -> web.Response:
    return web.Response(text=f"<Response>{inside}</Response>", content_type="text/xml")


async def sms(request: web.Request) -> web.Response:
    body = str((await request.post())["Body"])
    if body == "picture":
        address = f"http://{request.host}/picture.svg"
        return twiml(f"<Message><Body>Here you are.</Body><Media>{address}</Media></Message>")
    if body == "break":
        return web.Response(text="<Response><Message>", content_type="text/xml")
    return twiml(f"<Message>You said: {escape(body)}</Message>")


async def voice(request: web.Request) -> web.Response:
    return twiml(MENU.format("Welcome. Press 1 for the time, or say what you would like."))


async def menu(request: web.Request) -> web.Response:
    given = await request.post()
    if given.get("Digits") == "1":
        return twiml(MENU.format("It is seven."))
    if given.get("Digits") == "2":
        return twiml('<Say>Leave a message.</Say><Record action="/recorded" timeout="60" transcribe="false"/>')
    if given.get("Digits") == "3":
        relay = f'<ConversationRelay url="wss://{request.host}/agent" welcomeGreeting="I am an agent."/>'
        return twiml(f"<Connect>{relay}</Connect>")
    if given.get("Digits") == "4":
        return twiml(f'<Connect><Stream url="wss://{request.host}/stream"/></Connect><Say>That was all.</Say>')
    if given.get("Digits") == "5":
        return twiml("<Enqueue>support</Enqueue>")
    asked = escape(str(given.get("SpeechResult") or given.get("Digits")))
    return twiml(MENU.format(f"You asked for {asked}."))


async def recorded(request: web.Request) -> web.Response:
    length = str((await request.post())["RecordingDuration"])
    return twiml(MENU.format(f"Your message is {length} seconds long."))


async def agent(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        received = message.json()
        if received["type"] == "prompt":
            await socket.send_json({"type": "text", "token": f"Did you say {received['voicePrompt']}?", "last": True})
    return socket


async def stream(request: web.Request) -> web.WebSocketResponse:
    """Plays a second of sound, and leaves when a key is pressed."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        received = message.json()
        if received["event"] == "start":
            media = {"payload": base64.b64encode(bytes(range(128, 192)) * 125).decode()}
            await socket.send_json({"event": "media", "streamSid": received["streamSid"], "media": media})
        if received["event"] == "dtmf":
            await socket.close()
    return socket


async def picture(request: web.Request) -> web.Response:
    return web.Response(body=PICTURE, content_type="image/svg+xml")


class ExchangeWithApp:
    """An exchange and the app behind its number, both on loopback; the exchange can be stopped and restarted."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.app = web.Application()
        post = [web.post("/sms", sms), web.post("/voice", voice), web.post("/menu", menu)]
        self.app.add_routes(
            [*post, web.post("/recorded", recorded), web.get("/picture.svg", picture), web.get("/agent", agent)]
        )
        self.app.router.add_get("/stream", stream)
        self.runner = web.AppRunner(self.app, shutdown_timeout=0.1)
        self.exchange: Server | None = None
        self.port = reserved_port()
        self.app_origin = self.run(self._start_app())

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(LIMIT_SECONDS)

    async def _start_app(self) -> str:
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    def opens(self) -> ExchangeWithApp:
        """Start the exchange on the same port as before."""
        whose: dict[str, Any] = {"account_sid": ACCOUNT, "auth_token": TOKEN, "number": NUMBER}
        settings = Settings(**whose, app=self.app_origin, port=self.port, pace=0, delivery=0)
        self.exchange = Server(settings, SteppedClock())
        self.run(self.exchange.start())
        return self

    def closes(self) -> None:
        """Stop the exchange. Its state is lost."""
        if self.exchange:
            self.run(self.exchange.stop())
        self.exchange = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def twilio(self) -> Client:
        """Twilio's client, connected to this exchange."""
        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = self.origin
        return client

    def calls(self, handset: str) -> Any:
        """The app calls a person."""
        return self.twilio.calls.create(to=handset, from_=NUMBER, url=f"{self.app_origin}/voice")

    def texts(self, handset: str, body: str) -> Any:
        """The app texts a person."""
        return self.twilio.messages.create(to=handset, from_=NUMBER, body=body)

    def forgets(self) -> None:
        """End all calls and delete all handsets."""
        for handset in self.asks("GET", "/handsets")["handsets"]:
            eventually(lambda path=f"/handsets/{handset['number']}": self._forgot(path), handset["number"])

    def _forgot(self, path: str) -> bool:
        """Delete the handset. Returns False while it has a live call; a new one may have started in the meantime."""
        for call in self.asks("GET", path)["calls"]:
            if call["ended"] is None:
                self._request("POST", f"{path}/calls/{call['sid']}/hangup")
        return self._request("DELETE", path).ok

    def asks(self, method: str, path: str) -> Any:
        """Send a request to the exchange's handset or developer API."""
        answer = self._request(method, path)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def _request(self, method: str, path: str) -> requests.Response:
        body = {} if method == "POST" else None
        return requests.request(method, self.origin + path, json=body, timeout=LIMIT_SECONDS)

    def ends(self) -> None:
        self.closes()
        self.run(self.runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
