"""The app under real gunicorn, raw connections to it, and its log."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import config
from receiving import twilio_signature
from scripts.demo import read_env
from scripts.supervision.processes import returns_200
from tests.support.ports import reserved_port
from tests.support.processes import ROOT, descendants
from tests.support.providers import with_secrets
from tests.support.waiting import LIMIT_SECONDS, eventually

HEAD = "Host: 127.0.0.1\r\n"


class WebServer:
    """gunicorn with gunicorn.conf.py and a secret for every provider. `changes` are environment variables."""

    def __init__(self, folder: Path, store_port: int, *arguments: str, **changes: str) -> None:
        self.port = reserved_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        environ = with_secrets(read_env(ROOT / ".env.demo")) | {"REDIS_URL": f"redis://127.0.0.1:{store_port}"}
        environ |= {"PUBLIC_URL": self.origin, "WEB_CONCURRENCY": "1"} | changes
        self.settings = config.load(environ)
        self.log_file = folder / "web.log"
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", *arguments]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "-c", "tests/support/gunicorn_limits.py", "app:create_app()"],
                cwd=ROOT,
                env=os.environ | environ,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: returns_200(f"{self.origin}/health/live"), lambda: self.log)

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return self.log_file.read_text()

    @property
    def megabytes(self) -> float:
        """The resident memory of the largest web process."""
        files = (Path(f"/proc/{pid}/statm") for pid in descendants(self.process.pid))
        return max(int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 for file in files)

    def connect(self) -> socket.socket:
        """Return a connection to the server."""
        return socket.create_connection(("127.0.0.1", self.port), LIMIT_SECONDS)

    def send(self, *parts: bytes | str, half_close: bool = True) -> tuple[int, str]:
        """Send these bytes; return the status (0 for none) and the whole response."""
        with self.connect() as line:
            with suppress(OSError):  # it may have responded and closed
                for part in parts:
                    line.sendall(part if isinstance(part, bytes) else part.encode("latin-1"))
                if half_close:
                    line.shutdown(socket.SHUT_WR)
            return read_response(line)

    def text_request(self, sid: str, body: str = "time", **more: str) -> bytes:
        """Return a text as Twilio posts it."""
        fields = {"MessageSid": sid, "From": "+447700900201", "To": "+447700900100", "Body": body, **more}
        signature = twilio_signature.compute_signature(
            self.settings.twilio_auth_token[0], f"{self.settings.public_url}/sms", list(fields.items())
        )
        form = urlencode(fields)
        return (
            f"POST /sms HTTP/1.1\r\n{HEAD}Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Twilio-Signature: {signature}\r\nConnection: close\r\nContent-Length: {len(form)}\r\n\r\n{form}"
        ).encode()

    def seconds_for_a_text(self, sid: str) -> float:
        """Send a signed text on a new connection; return the seconds until its answer."""
        began = time.monotonic()
        status, response = self.send(self.text_request(sid))
        assert status == 200, response
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop the server. Raises AssertionError if it logged a traceback or gevent's warning about late patching."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT_SECONDS)
        assert "Traceback" not in self.log and "MonkeyPatchWarning" not in self.log, self.log


def read_response(line: socket.socket) -> tuple[int, str]:
    """Read until the server closes; return the status (0 for none) and everything that it sent."""
    answer = b""
    with suppress(ConnectionError):
        while part := line.recv(65_536):
            answer += part
    return int(answer.split()[1]) if answer else 0, answer.decode("latin-1")


def new_sid(number: int, prefix: str = "SM") -> str:
    """Return a well-formed SID."""
    return f"{prefix}{number:032x}"
