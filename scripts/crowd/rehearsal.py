"""Performs a plan as people would: texts and calls through the exchange's JSON API, and the presenter's pages."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import aiohttp
import requests

from scripts.crowd.plan import CALL, Act

CONCURRENT_REQUESTS = 200
HEARING_TIMEOUT_SECONDS = 60  # for the words that a caller waits for
POLL_SECONDS = 0.5
SETTLING_SECONDS = 60  # after the last act: how long nothing new may arrive before missing answers count as lost
TIMEOUT_SECONDS = 10


class Rehearsal:
    """One run. `on_progress(done, phase)` is called often, with the number of acts done."""

    def __init__(self, exchange: str, acts: Sequence[Act], on_progress: Callable[[int, str], None]) -> None:
        self.exchange, self.acts, self.on_progress = exchange, acts, on_progress
        self.done = 0
        self.errors: list[str] = []
        self.calls: list[tuple[Act, str]] = []  # the URL of each call
        self.started_at = time.time()

    async def run(self) -> None:
        """Perform all acts at their times."""
        connector = aiohttp.TCPConnector(limit=CONCURRENT_REQUESTS)
        timeout = aiohttp.ClientTimeout(total=HEARING_TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as self.http:
            start = time.monotonic()
            await asyncio.gather(*(self._perform(act, start) for act in self.acts))

    async def _perform(self, act: Act, start: float) -> None:
        await asyncio.sleep(max(0, start + act.at - time.monotonic()))
        try:
            if act.channel == CALL:
                await self._call(act)
            else:
                media = {"media_url": act.picture} if act.picture else {}
                await self._post(f"{self._handset(act.number)}/texts", {"body": act.body, **media})
        except (aiohttp.ClientError, TimeoutError) as error:
            self.errors.append(f"{act.number}, {act.kind}: {type(error).__name__} {error}")
        self.done += 1
        self.on_progress(self.done, "texting and calling")

    async def _call(self, act: Act) -> None:
        call = await self._post(f"{self._handset(act.number)}/calls", {})
        url = f"{self._handset(act.number)}/calls/{call['sid']}"
        self.calls.append((act, url))
        for verb, value, words in act.steps:
            if words and not await self._hears(url, words):
                return
            if verb == "hangup":
                await self._post(f"{url}/hangup", {})
            elif verb == "speech":
                await self._post(f"{url}/speech", {"words": value, "wait": 30})
            else:
                await self._post(f"{url}/keys", {"digits": value, "wait": 30})

    async def _hears(self, url: str, words: str) -> bool:
        """Wait until the caller has heard these words. Return False if the call ends, or after a minute."""
        until = time.monotonic() + HEARING_TIMEOUT_SECONDS
        while time.monotonic() < until:
            call = await self._get(url)
            if any(re.search(words, sentence) for sentence in spoken(call)):
                return True
            if call["ended"]:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def collect(self, is_complete: Callable[[dict[str, list[Any]]], bool]) -> dict[str, list[Any]]:
        """Return each person's texts, oldest first, once they are complete or no more arrive."""
        numbers = sorted({act.number for act in self.acts})
        last_count, until = -1, time.monotonic() + SETTLING_SECONDS
        connector = aiohttp.TCPConnector(limit=50)
        async with aiohttp.ClientSession(connector=connector) as self.http:
            while True:
                answers = await asyncio.gather(*(self._get(f"{self._handset(number)}/texts") for number in numbers))
                texts = {number: answer["texts"] for number, answer in zip(numbers, answers, strict=True)}
                count = sum(map(len, texts.values()))
                if count != last_count:
                    last_count, until = count, time.monotonic() + SETTLING_SECONDS
                if is_complete(texts) or time.monotonic() > until:
                    return texts
                self.on_progress(self.done, f"waiting for answers: {count} texts so far")
                await asyncio.sleep(2)

    async def undo_opt_outs(self) -> None:
        """Have those who texted STOP text START, so that the next rehearsal can reach them."""
        async with aiohttp.ClientSession() as self.http:
            for act in self.acts:
                if act.body == "STOP":
                    await self._post(f"{self._handset(act.number)}/texts", {"body": "START"})

    async def calls_heard(self) -> list[tuple[Act, list[str]]]:
        """Return what each caller has heard."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=50)) as self.http:
            found = await asyncio.gather(*(self._get(url) for _, url in self.calls))
        return [(act, spoken(call)) for (act, _), call in zip(self.calls, found, strict=True)]

    def _handset(self, number: str) -> str:
        return f"{self.exchange}/handsets/%2B{number[1:]}"

    async def _get(self, url: str) -> Any:
        async with self.http.get(aiohttp.client.URL(url, encoded=True)) as response:
            response.raise_for_status()
            return await response.json()

    async def _post(self, url: str, data: dict[str, Any]) -> Any:
        async with self.http.post(aiohttp.client.URL(url, encoded=True), json=data) as response:
            if response.status == 409:  # the call is over
                return {}
            response.raise_for_status()
            return await response.json()


def spoken(call: dict[str, Any]) -> list[str]:
    """Return the sentences that the caller has heard."""
    return [item["text"] for item in call["heard"] if item["verb"] == "Say"]


def reply_times_ms(texts: dict[str, list[Any]]) -> list[float]:
    """Return the reply time, in milliseconds, of each text whose reply is the next text."""
    times = []
    for rows in texts.values():
        for sent, answer in pairwise(rows):
            if sent["direction"] == "sent" and answer["direction"] == "received":
                times.append(1000 * (_seconds(answer["at"]) - _seconds(sent["at"])))
    return times


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()


class RehearsalPresenter:
    """A presenter's logged-in session. Raises requests.RequestException if the app does not respond.

    A 503 is retried once.
    """

    def __init__(self, app: str, password: str) -> None:
        self.app, self.http = app, requests.Session()
        page = self._request("GET", "/present/login").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {"password": password, "csrf_token": token[1] if token else ""}
        self._request("POST", "/present/login", form)

    def state(self) -> dict[str, Any]:
        """Return the state of the talk."""
        found: dict[str, Any] = self._request("GET", "/present/talk").json()
        return found

    def do(self, do: str, /, **fields: str) -> dict[str, Any]:
        """Perform an action with these form fields, and return the new state."""
        state = self.state()
        form = {"token": state["token"], "do": do, "scene": state["scene"], **fields}
        found: dict[str, Any] = self._request("POST", "/present/talk", form).json()
        return found

    def go_to_first(self, kind: str) -> dict[str, Any]:
        """Go to the first scene of this kind. Raises LookupError if the talk has none."""
        state, seen = self.do("go", scene="1"), 0
        while state["kind"] != kind:
            if state["scene"] == seen:
                raise LookupError(f"The talk has no scene of the kind {kind}.")
            seen, state = state["scene"], self.do("next")
        return state

    def _request(self, method: str, path: str, form: dict[str, Any] | None = None) -> requests.Response:
        options: dict[str, Any] = {"data": form, "headers": {"Accept": "application/json"}, "timeout": TIMEOUT_SECONDS}
        response = self.http.request(method, f"{self.app}{path}", **options)
        if response.status_code == 503:
            time.sleep(int(response.headers["Retry-After"]))
            response = self.http.request(method, f"{self.app}{path}", **options)
        response.raise_for_status()
        return response
