"""The exchange starts, stops at once, and names missing settings."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from ringback.service.settings import Settings
from ringback.state import State
from ringback.testing.waiting import LIMIT_SECONDS
from ringback.web.server import Server
from support.exchange import NUMBER, SID, TOKEN

ACCOUNT = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_PHONE_NUMBER": NUMBER}


def start(*options, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "ringback", "serve", *options],
        env={name: os.environ[name] for name in ("PATH", "PYTHONPATH")} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_at_once_despite_open_feeds_and_webhooks(number):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = start("--port", "0", "--app", app, **ACCOUNT)
        line = process.stdout.readline()
        origin = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        feeds = [urllib.request.urlopen(f"{origin}/feed", timeout=LIMIT_SECONDS) for _ in range(3)]
        asked = urllib.request.Request(
            f"{origin}/handsets/+441632960001/calls", b"{}", {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(asked).close()
        connection, _ = silent.accept()
        process.send_signal(number)
        _, complaints = process.communicate(timeout=LIMIT_SECONDS)
        connection.close()
        for feed in feeds:
            feed.close()
    assert (process.returncode, complaints) == (0, "")


def test_stops_while_a_task_is_ending():
    async def stop():
        state = State(Settings(account_sid=SID, auth_token=TOKEN, number=NUMBER, app="http://127.0.0.1:9"))
        state.spawn(asyncio.sleep(0, "it has ended in this turn of the loop"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await state.close()

    stopping = threading.Thread(target=lambda: asyncio.run(stop()), daemon=True)
    stopping.start()
    stopping.join(10)
    assert not stopping.is_alive()


@pytest.mark.parametrize(
    ("options", "environment", "names"),
    [
        ([], {}, "TWILIO_PHONE_NUMBER"),
        ([], {"TWILIO_PHONE_NUMBER": "12"}, "TWILIO_PHONE_NUMBER"),
        ([], {"TWILIO_PHONE_NUMBER": f"{NUMBER},12"}, "not '12'"),
        ([], {"TWILIO_PHONE_NUMBER": NUMBER}, "TWILIO_ACCOUNT_SID"),
        (["--app", "http://x"], {"TWILIO_PHONE_NUMBER": NUMBER, "TWILIO_ACCOUNT_SID": SID}, "TWILIO_AUTH_TOKEN"),
        ([], ACCOUNT, "PUBLIC_URL"),
        (["--app", "x"], ACCOUNT, "PUBLIC_URL"),
        (["--app", "http://x", "--host", "0.0.0.0"], ACCOUNT, "EXCHANGE_PASSWORD"),
        (["--app", "http://x", "--pace", "-1"], ACCOUNT, "--pace"),
        (["--app", "http://x"], ACCOUNT | {"EXCHANGE_PORT": "many"}, "port"),
        (["--app", "http://x", "--fault", "gremlins"], ACCOUNT, "gremlins"),
        (["--app", "http://x", "--fault", "rest-drop,often"], ACCOUNT, "name=value"),
    ],
)
def test_missing_setting_is_named_in_one_sentence(capsys, monkeypatch, options, environment, names):
    from ringback.__main__ import main

    for name in (*ACCOUNT, "PUBLIC_URL", "EXCHANGE_PASSWORD", "EXCHANGE_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["serve", *options]) == 2
    complaint = capsys.readouterr().err
    assert names in complaint
    assert complaint.count("\n") == 1


def test_several_numbers_reach_the_same_app():
    from ringback.launcher.command_line_options import parser
    from ringback.launcher.option_validation import settings_from

    options = parser().parse_args(["serve", "--app", "http://127.0.0.1:1"])
    settings = settings_from(options, ACCOUNT | {"TWILIO_PHONE_NUMBER": f"{NUMBER}, +1 202 555 0123"})
    numbers = State(settings).numbers
    assert list(numbers) == [NUMBER, "+12025550123"]
    assert {number.sms_url for number in numbers.values()} == {"http://127.0.0.1:1/sms"}


def test_listener_is_closed_before_the_state():
    """Otherwise, a request could start a call whose webhooks fail with a traceback, because their client is closed."""

    async def run():
        server = Server(Settings(account_sid=SID, auth_token=TOKEN, number=NUMBER, port=0))
        await server.start()
        port, close = server.port, server.state.close
        refused = []

        async def close_state():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
            except ConnectionRefusedError:
                refused.append(True)
            await close()

        server.state.close = close_state
        await server.stop()
        return refused

    assert asyncio.run(run()) == [True]
