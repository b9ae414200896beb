"""An app that knows nothing of the exchange is started by it, and its calls to Twilio come to us."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.exchange.conftest import eventually

APP = """
import certifi, http.server, os, urllib.parse
from twilio.request_validator import RequestValidator
from twilio.rest import Client

class App(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        url = f"http://{self.headers['Host']}{self.path}"
        validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
        assert validator.validate(url, form, self.headers["X-Twilio-Signature"])
        assert certifi.where() == os.environ["REQUESTS_CA_BUNDLE"]
        Client().messages.create(to=form["From"], from_=form["To"], body="from an unmodified client")
        try:
            Client().chat.v2.services.list()
        except Exception as error:
            print("refused:", "has no chat.twilio.com" in str(error), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
"""


@pytest.fixture
def app_file(tmp_path: Path) -> Path:
    file = tmp_path / "app.py"
    file.write_text(APP)
    return file


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"http://127.0.0.1:{found.getsockname()[1]}"


def start(tmp_path: Path, *command: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "exchange",
            "run",
            "--port",
            "0",
            "--app",
            free_address(),
            "--delivery",
            "0",
            "--",
            *command,
        ],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_an_unmodified_app_is_called_and_calls_back(tmp_path, app_file):
    process = start(tmp_path, sys.executable, str(app_file))
    try:
        origin = re.search(r"phones are at (\S+)/ ", process.stdout.readline())[1]
        door = f"{origin}/handsets/+441632960001/texts"
        asked = urllib.request.Request(door, b'{"body": "hello"}', {"Content-Type": "application/json"})
        urllib.request.urlopen(asked).close()

        def texts():
            with urllib.request.urlopen(door) as answer:
                return [text["body"] for text in json.load(answer)["texts"] if text["direction"] == "received"]

        eventually(lambda: texts() == ["from an unmodified client"], lambda: str(texts()))
        printed = [process.stdout.readline() for _ in range(2)]
        assert any("has no chat.twilio.com" in line for line in printed)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert [left for left in tmp_path.iterdir() if left.name.startswith("exchange-")] == []


def test_nothing_is_left_running(tmp_path):
    process = start(tmp_path, sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    pid = int(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_apps_failure_is_ours(tmp_path):
    process = start(tmp_path, sys.executable, "-c", "raise SystemExit(3)")
    process.communicate(timeout=20)
    assert process.returncode == 3


def test_a_command_that_is_none_is_named(tmp_path):
    process = start(tmp_path, "no-such-command")
    printed, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "no-such-command" in printed
