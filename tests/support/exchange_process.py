"""The local exchange in a process of its own, in place of Twilio."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from typing import Any

from twilio.rest import Client

from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually


class ExchangeProcess:
    """The exchange and a client of its JSON API."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.port, self.environ = reserved_port(), environ
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "ringback", "serve", "--port", str(self.port), "--pace", "0"]
        command += ["--app", "http://127.0.0.1:9"]
        given = os.environ | environ
        self.process = subprocess.Popen(command, env=given, cwd=ROOT, stdout=subprocess.DEVNULL)
        eventually(self.answers, "the exchange answers")

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self.get("/handsets"))
        assert self.process.poll() is None, "the exchange has ended"
        return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(LIMIT_SECONDS)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=LIMIT_SECONDS) as answer:
            return json.load(answer)

    def post(self, path: str, /, **data: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(data).encode(), headers)
        with urllib.request.urlopen(request, timeout=LIMIT_SECONDS) as answer:
            return json.loads(answer.read() or b"{}")

    def sent_to(self, number: str) -> list[str]:
        """The texts that were sent to this number through the REST API."""
        account, token = self.environ["TWILIO_ACCOUNT_SID"], self.environ["TWILIO_AUTH_TOKEN"]
        client = Client(account, token)
        client.api.base_url = self.url
        return [message.body for message in client.messages.list(to=number) if message.direction == "outbound-api"]
