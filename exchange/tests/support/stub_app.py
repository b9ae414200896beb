"""A small web app that returns what a test specifies, and records the requests that it receives."""

from __future__ import annotations

import asyncio
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ringback.testing.waiting import eventually


@dataclass
class ReceivedRequest:
    """One request to the app, as received."""

    method: str
    path: str
    url: str
    headers: Any
    form: list[tuple[str, str]]
    request: web.Request

    def broken_off(self) -> bool:
        """Whether the client disconnected before the response."""
        return self.request.transport is None or self.request.transport.is_closing()

    def __getitem__(self, name: str) -> str:
        return dict(self.form)[name]

    def get(self, name: str) -> str | None:
        return dict(self.form).get(name)

    def all(self) -> dict[str, str]:
        return dict(self.form)


@dataclass
class StubApp:
    """A web app that returns what the test specifies: text, a response, or a function of the request."""

    origin: str = ""
    answers: dict[str, Any] = field(default_factory=lambda: {"/done": ""})
    asked: list[ReceivedRequest] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode() if request.method == "POST" else request.rel_url.raw_query_string
        form = urllib.parse.parse_qsl(body, keep_blank_values=True)
        url = f"http://{request.headers['Host']}{request.raw_path}"
        asked = ReceivedRequest(request.method, request.path, url, request.headers, form, request)
        self.asked.append(asked)
        answer = self.answers.get(request.path, web.Response(status=404))
        if callable(answer):
            answer = answer(asked)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, str):
            return web.Response(text=answer, content_type="text/xml")
        if answer is None:
            return web.Response(status=500)  # the test specified no response, and no client is waiting for one any more
        return answer() if callable(answer) else answer

    def was_asked(self, path: str, times: int = 1) -> list[ReceivedRequest]:
        """Wait until the app has received at least this many requests at the path, and return all of them."""
        eventually(lambda: len(self.at(path)) >= times, f"{times} requests at {path}, not {len(self.at(path))}")
        return self.at(path)

    def at(self, path: str) -> list[ReceivedRequest]:
        return [asked for asked in self.asked if asked.path == path]
