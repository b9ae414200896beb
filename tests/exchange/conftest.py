"""The cast: an exchange on a free port, a tiny app it calls, and people with handsets.

The exchange's clock stands still: a test lets seconds pass with `exchange.time_passes`."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from twilio.rest import Client

from ringback.service.settings import Settings
from ringback.web.server import Server
from tests.support.stepped_clock import SteppedClock
from tests.support.waiting import LIMIT_SECONDS, eventually

SID = "AC" + "a" * 32
TOKEN = "the token of the tests"
NUMBER = "+441632960000"


@dataclass
class Asked:
    """One request the app was sent, as it came over the wire."""

    method: str
    path: str
    url: str
    headers: Any
    form: list[tuple[str, str]]
    request: web.Request

    def broken_off(self) -> bool:
        """Has whoever asked gone away before the answer?"""
        return self.request.transport is None or self.request.transport.is_closing()

    def __getitem__(self, name: str) -> str:
        return dict(self.form)[name]

    def get(self, name: str) -> str | None:
        return dict(self.form).get(name)

    def all(self) -> dict[str, str]:
        return dict(self.form)


@dataclass
class TinyApp:
    """A web app that answers what the test lays down: text, a response, or a function of the request."""

    origin: str = ""
    answers: dict[str, Any] = field(default_factory=lambda: {"/done": ""})
    asked: list[Asked] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode() if request.method == "POST" else request.rel_url.raw_query_string
        form = urllib.parse.parse_qsl(body, keep_blank_values=True)
        url = f"http://{request.headers['Host']}{request.raw_path}"
        asked = Asked(request.method, request.path, url, request.headers, form, request)
        self.asked.append(asked)
        answer = self.answers.get(request.path, web.Response(status=404))
        if callable(answer):
            answer = answer(asked)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, str):
            return web.Response(text=answer, content_type="text/xml")
        if answer is None:
            return web.Response(status=500)  # it never answered, and by now nobody waits
        return answer() if callable(answer) else answer

    def was_asked(self, path: str, times: int = 1) -> list[Asked]:
        """Wait until the app was asked there so often; all of those requests."""
        eventually(lambda: len(self.at(path)) >= times, f"{times} requests at {path}, not {len(self.at(path))}")
        return self.at(path)

    def at(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]


class Person:
    """Somebody with a handset."""

    def __init__(self, exchange: Exchange, number: str) -> None:
        self.exchange, self.number = exchange, number
        self.door = f"/handsets/{urllib.parse.quote(number)}"
        self.sid = ""

    def texts(self, body: str, **more: Any) -> dict[str, Any]:
        return self.exchange.post(f"{self.door}/texts", {"body": body, **more})

    def inbox(self) -> list[str]:
        found = self.exchange.get(f"{self.door}/texts")["texts"]
        return [text["body"] for text in found if text["direction"] == "received"]

    def gets(self, *bodies: str) -> None:
        eventually(lambda: self.inbox() == list(bodies), lambda: f"{bodies}, not {self.inbox()}")

    def dials(self, **more: Any) -> str:
        self.sid = self.exchange.post(f"{self.door}/calls", more)["sid"]
        return self.sid

    def call(self) -> dict[str, Any]:
        return self.exchange.get(f"{self.door}/calls/{self.sid}")

    def presses(self, digits: str, wait: float = 5) -> None:
        self.exchange.post(f"{self.door}/calls/{self.sid}/keys", {"digits": digits, "wait": wait})

    def speaks(self, words: str, wait: float = 5) -> None:
        self.exchange.post(f"{self.door}/calls/{self.sid}/speech", {"words": words, "wait": wait})

    def hangs_up(self) -> None:
        self.exchange.post(f"{self.door}/calls/{self.sid}/hangup", {})

    def answers(self) -> None:
        """Wait for the phone to ring, and pick it up."""
        self._finds(lambda call: call["status"] == "ringing")
        self.exchange.post(f"{self.door}/calls/{self.sid}/answer", {})

    def is_called(self) -> None:
        """Wait for a call to this phone, whatever becomes of it."""
        self._finds(lambda call: call["sid"] != self.sid)

    def _finds(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        found: list[dict[str, Any]] = []

        def comes() -> bool:
            calls = self.exchange.get(f"{self.door}/calls")["calls"]
            found[:] = [call for call in calls if call["direction"] == "incoming" and wanted(call)]
            return bool(found)

        eventually(comes, f"{self.number} is called")
        self.sid = found[-1]["sid"]

    def behaves(self, when_called: str) -> None:
        self.exchange.post(self.door, {"when_called": when_called})

    def heard(self, *verbs: str) -> list[str]:
        """Every word heard so far."""
        wanted = verbs or ("Say", "Voice")
        return [item["text"] for item in self.call()["heard"] if item["verb"] in wanted]

    def hears(self, *words: str) -> None:
        eventually(lambda: self.heard() == list(words), lambda: f"{words}, not {self.heard()}; {self.call()}")

    def listens_for(self, kind: str) -> dict[str, Any]:
        """Wait until the call listens for something of that kind."""
        eventually(lambda: kind in (self.call()["listening"] or {}), lambda: f"{kind}: {self.call()}")
        return self.call()["listening"][kind]

    def has_the_floor(self, kind: str) -> None:
        """Wait until everything has been said to this person and something of that kind is listened for."""

        def silent() -> bool:
            call = self.call()
            return kind in (call["listening"] or {}) and all(item["ended"] for item in call["heard"])

        eventually(silent, lambda: f"{kind}: {self.call()}")

    def is_left_with(self, status: str) -> None:
        eventually(lambda: self.call()["status"] == status, lambda: f"{status}: {self.call()}")


class Exchange:
    """A running exchange, and the thread it runs in."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: Server) -> None:
        self.loop, self.server, self.state = loop, server, server.state

    @property
    def origin(self) -> str:
        return self.server.origin

    def person(self, last: str = "1") -> Person:
        return Person(self, f"+44163296000{last}")

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LIMIT_SECONDS)

    def time_passes(self, seconds: float) -> None:
        self.run(self.state.clock.forward(seconds))

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, Any]:
        """Any request: its status, body and headers, whatever they are."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(self.origin + path, body, named, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=LIMIT_SECONDS) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers

    def get(self, path: str) -> Any:
        status, body, _ = self.request("GET", path)
        assert status == 200, body
        return json.loads(body)

    def post(self, path: str, given: Any) -> Any:
        status, body, _ = self.request("POST", path, json.dumps(given).encode(), Content_Type="application/json")
        assert status in (200, 201), body
        return json.loads(body)

    def refuses(self, path: str, given: Any) -> tuple[int, str]:
        """Post what is to be refused: the status and the sentence."""
        status, body, _ = self.request("POST", path, json.dumps(given).encode(), Content_Type="application/json")
        assert 400 <= status < 500, body
        return status, json.loads(body)["error"]

    def alerts(self) -> list[int]:
        return [alert["code"] for alert in self.get("/debugger")["alerts"]]

    def warns(self, code: int) -> dict[str, Any]:
        """Wait for that number in the debugger; the alert."""
        eventually(lambda: code in self.alerts(), lambda: f"{code} among {self.alerts()}")
        return next(alert for alert in self.get("/debugger")["alerts"] if alert["code"] == code)

    def client(self) -> Client:
        client = Client(SID, TOKEN)
        client.api.base_url = self.origin
        return client


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    asyncio.run_coroutine_threadsafe(_cancel_everything(), loop).result(LIMIT_SECONDS)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _cancel_everything() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def app(loop: asyncio.AbstractEventLoop) -> Iterator[TinyApp]:
    tiny = TinyApp()

    async def start() -> web.AppRunner:
        served = web.Application()
        served.router.add_route("*", "/{path:.*}", tiny.handle)
        runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        tiny.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(LIMIT_SECONDS)
    yield tiny
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(LIMIT_SECONDS)


@pytest.fixture
def options() -> dict[str, Any]:
    """Settings a test module may replace."""
    return {}


@pytest.fixture
def exchange(loop: asyncio.AbstractEventLoop, app: TinyApp, options: dict[str, Any]) -> Iterator[Exchange]:
    given = {"voice_status": "/done", "port": 0, "pace": 0.0, "delivery": 0.0, "answer_after": 0.0} | options
    settings = Settings(account_sid=SID, auth_token=TOKEN, number=NUMBER, app=app.origin, **given)

    async def start() -> Server:
        server = Server(settings, SteppedClock())
        await server.start()
        return server

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(LIMIT_SECONDS)
    yield Exchange(loop, server)
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(LIMIT_SECONDS)


@pytest.fixture
def ada(exchange: Exchange) -> Person:
    return exchange.person("1")


@pytest.fixture
def ben(exchange: Exchange) -> Person:
    return exchange.person("2")


@pytest.fixture
def cyd(exchange: Exchange) -> Person:
    return exchange.person("3")


@pytest.fixture
def client(exchange: Exchange) -> Client:
    """Twilio's own library."""
    return exchange.client()
