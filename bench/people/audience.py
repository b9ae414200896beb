"""People who text and call the app through the exchange, and a record of what each of them got."""

import json
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from phone import fallbacks
from ringback.twiml.application_error import APPLICATION_ERROR_MESSAGE
from workers import answer_delivery

SENDERS = 40  # threads; a call occupies one of them until the caller has heard the menu
CALL_SECONDS = 40.0  # how long the exchange holds a pressed key until the call listens for it
OUTCOMES = ("right", "apology", "both", "lost", "doubled", "unreachable")
NOT_HEARD = "I did not hear anything."
APOLOGIES = (answer_delivery.TIMEOUT_MESSAGE, answer_delivery.FAILURE_MESSAGE)
# What people get if Twilio received no valid response to a webhook. Their question may have been lost.
TROUBLES = (fallbacks.TROUBLE, "Please call again in a minute", APPLICATION_ERROR_MESSAGE)


@dataclass
class Question:
    """One text, or one key pressed in a call. `answer` is part of every right answer, and of nothing else."""

    number: str
    words: str
    answer: str
    is_call: bool = False
    sid: str = ""
    asked_at: float = 0.0


@dataclass
class Received:
    """What one phone has received: sentences with the times at which they arrived."""

    sentences: list[tuple[float, str]] = field(default_factory=list)

    def count(self, *parts: str) -> int:
        """How many sentences contain at least one of these parts."""
        return sum(any(part in sentence for part in parts) for _, sentence in self.sentences)

    def first(self, part: str) -> float:
        """When the first sentence with this part arrived."""
        return next(at for at, sentence in self.sentences if part in sentence)


class Audience:
    """Handsets of the exchange, whose live feed reports what they receive."""

    def __init__(self, exchange: str) -> None:
        self.exchange = exchange
        self.received: defaultdict[str, Received] = defaultdict(Received)
        self.errors: defaultdict[str, list[int]] = defaultdict(list)  # the debugger's codes, by SID of call or text
        self.has_missed_items = False
        self.calls: dict[str, Question] = {}
        parts = urlsplit(exchange)
        self._socket = socket.create_connection((str(parts.hostname), parts.port or 80))
        self._socket.sendall(b"GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        self._feed = self._socket.makefile("rb")
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following the feed."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._feed.close()
        self._socket.close()

    def ask(self, questions: Sequence[Question], seconds: float) -> None:
        """Ask these questions at an even pace within this time. Returns once all have been asked."""
        began, asked = time.monotonic(), []
        with ThreadPoolExecutor(SENDERS) as pool:
            for at, question in enumerate(questions):
                time.sleep(max(0.0, began + at * seconds / len(questions) - time.monotonic()))
                asked.append(pool.submit(self._call if question.is_call else self._text, question))
        for each in asked:
            each.result()

    def outcome(self, question: Question) -> str:
        """One of OUTCOMES. `right` means exactly one right answer and no apology."""
        got = self.received[question.number]
        answers, apologies, troubles = got.count(question.answer), got.count(*APOLOGIES), got.count(*TROUBLES)
        if answers:
            return "both" if apologies or troubles else "doubled" if answers > 1 else "right"
        if apologies:
            return "apology"
        return "unreachable" if troubles or self.errors[question.sid] else "lost"

    def outcomes(self, questions: Sequence[Question]) -> Counter[str]:
        """How many questions have had each outcome so far."""
        return Counter(map(self.outcome, questions))

    def describe_failures(self, questions: Sequence[Question]) -> list[str]:
        """A line for each question whose outcome is not right: what its phone received, and Twilio's error codes."""
        lines = []
        for question in questions:
            if (outcome := self.outcome(question)) != "right":
                got = [sentence for _, sentence in self.received[question.number].sentences]
                kind = "call" if question.is_call else "text"
                lines.append(f"{outcome}: {kind} {question.words!r} got {got}, errors {self.errors[question.sid]}")
        return lines

    def wait_for(self, questions: Sequence[Question], seconds: float, settled: set[str]) -> Counter[str]:
        """Wait until each question's outcome is in `settled`, but no longer than `seconds`. Return the outcomes."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not settled >= self.outcomes(questions).keys():
            time.sleep(0.5)
        return self.outcomes(questions)

    def _text(self, question: Question) -> None:
        question.asked_at = time.time()
        question.sid = self._post(question.number, "texts", {"body": question.words})["sid"]

    def _call(self, question: Question) -> None:
        question.asked_at = time.time()
        question.sid = self._post(question.number, "calls", {})["sid"]
        self.calls[question.sid] = question
        self._press(question)

    def _react(self, question: Question, said: str) -> None:
        """Hang up after the answer. Press the key again if it was not heard."""
        if question.answer in said:
            threading.Thread(target=self._post, args=(question.number, f"calls/{question.sid}/hangup", {})).start()
        elif NOT_HEARD in said:
            threading.Thread(target=self._press, args=(question,)).start()

    def _press(self, question: Question) -> None:
        self._post(question.number, f"calls/{question.sid}/keys", {"digits": question.words, "wait": CALL_SECONDS})

    def _post(self, number: str, path: str, data: dict[str, Any]) -> Any:
        """POST to a handset. Returns {} if the call is over."""
        url, headers = f"{self.exchange}/handsets/{quote(number)}/{path}", {"Content-Type": "application/json"}
        try:
            with urlopen(Request(url, json.dumps(data).encode(), headers), timeout=60) as response:
                return json.load(response)
        except HTTPError as error:
            with error:
                if error.code != 409:
                    raise RuntimeError(f"the exchange refused {path}: {error.read().decode()}") from None
            return {}

    def _follow(self) -> None:
        for line in self._feed:
            if line.startswith(b"data: "):
                self._record(json.loads(line[6:]))

    def _record(self, item: dict[str, Any]) -> None:
        kind, payload = item["kind"], item["payload"]
        if kind == "text" and payload["direction"] == "received":
            self.received[item["handset"]].sentences.append((time.time(), payload["body"]))
        elif kind == "heard" and payload["verb"] == "Say":
            self.received[item["handset"]].sentences.append((time.time(), payload["text"]))
        elif kind == "ended" and payload["verb"] == "Say" and payload["call"] in self.calls:
            self._react(self.calls[payload["call"]], payload["text"])
        elif kind == "alert" and payload["sid"]:
            self.errors[payload["sid"]].append(payload["code"])
        elif kind == "reset":
            self.has_missed_items = True


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns. The first column is left-aligned, the others are right-aligned."""
    cells = [list(map(str, row)) for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *others in cells:
        numbers = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *numbers]), flush=True)
