"""All processes of the system: Valkey with persistence, web, worker and exchange, on ports of their own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import redis as redis_client

from scripts.demo import read_env
from scripts.demo_store import PERSISTENCE, find_program
from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually
from workers.engine.dead_worker_recovery import worker_key

NUMBER = "+447700900100"


class Deployment:
    """The processes, which can be started and killed by name."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder, self.running = folder, {}
        self.web_port, self.exchange_port, self.store_port = reserved_port(), reserved_port(), reserved_port()
        self.web, self.exchange = f"http://127.0.0.1:{self.web_port}", f"http://127.0.0.1:{self.exchange_port}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if name != "DYNO"},
            **read_env(ROOT / ".env.demo"),
            "PORT": str(self.web_port),
            "PUBLIC_URL": self.web,
            "TWILIO_API_URL": self.exchange,
            "EXCHANGE_URL": self.exchange,
            "REDIS_URL": f"redis://127.0.0.1:{self.store_port}",
            "PYTHONUNBUFFERED": "1",
            **more,
        }
        (folder / "store").mkdir()
        self.commands = {
            "store": self.store_command(self.store_port, "store"),
            "exchange": f"{sys.executable} -m ringback serve --port {self.exchange_port} --pace 0 --app {self.web} "
            "--voice-fallback /voice/fallback --sms-fallback /sms/fallback --voice-status /voice/status",
            "web": f"{sys.executable} -m gunicorn --bind 127.0.0.1:{self.web_port} app:create_app()",
            "worker": f"{sys.executable} -m workers",
        }

    def store_command(self, port: int, folder: str) -> str:
        persistence = " ".join(f"--{name} {value}" for name, value in PERSISTENCE.items())
        return f"{find_program()} --bind 127.0.0.1 --port {port} --dir {self.folder}/{folder} {persistence}"

    def start(self, *names: str) -> "Deployment":
        """Start these, or all that are not running, and wait until the system is ready."""
        self.run(*names or [name for name in self.commands if name not in self.running])
        self.until(self._is_store_up, "the store answers")  # the health check below may be cached for a second
        self.until(lambda: self.get(f"{self.exchange}/handsets"), "the exchange answers")
        self.until(lambda: self.get(f"{self.web}/health/ready"), "web and worker are ready")
        return self

    def run(self, *names: str) -> None:
        """Start these, and do not wait."""
        for name in names:
            log = (self.folder / f"{name}.log").open("ab")
            self.running[name] = subprocess.Popen(
                self.commands[name].split(), cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
            log.close()

    def _is_store_up(self) -> bool:
        with contextlib.suppress(redis_client.ConnectionError):
            return bool(self.redis.ping())
        return False

    def kill(self, name: str) -> None:
        """kill -9 the process and its children. A worker's registration expires at once."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if name == "worker" and "store" in self.running:
            for key in self.redis.scan_iter(worker_key("*")):
                self.redis.delete(key)

    def repair(self) -> None:
        """Start every process again, remove all faults, and wait until nothing is pending."""
        self.start()
        urllib.request.urlopen(
            urllib.request.Request(f"{self.exchange}/faults", method="DELETE"), timeout=LIMIT_SECONDS
        ).close()
        pending = ("pending-answers:open", "outbox:waiting", "outbox:due")
        self.until(lambda: not any(map(self.redis.zcard, pending)), "all is settled")

    def stop(self) -> None:
        """Kill every process. None has to finish its work, because the store ends too."""
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
        for process in self.running.values():
            process.wait()
        self.running.clear()

    def get(self, url: str) -> Any:
        try:
            with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
                body = answer.read()
                return json.loads(body) if "json" in answer.headers.get("Content-Type", "") else body or True
        except (urllib.error.URLError, OSError):
            return None

    def post(self, url: str, data: Any = None) -> Any:
        request = urllib.request.Request(
            url, json.dumps(data or {}).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=LIMIT_SECONDS) as answer:
            return json.loads(answer.read() or b"{}")

    def fault(self, kind: str, **how: Any) -> None:
        """Switch on one of the exchange's faults: see ringback/service/faults.py."""
        self.post(f"{self.exchange}/faults", {"kind": kind, **how})

    def until(self, true: Callable[[], Any], what: str | Callable[[], str], within: float = LIMIT_SECONDS) -> Any:
        """Return the first true result of `true`. On a timeout, raises AssertionError with the end of each log."""

        def missing() -> str:
            return f"{what if isinstance(what, str) else what()}\n{self.logs()}"

        return eventually(true, missing, within)

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))

    @property
    def redis(self) -> redis_client.Redis:
        return redis_client.Redis(port=self.store_port)


class Handset:
    """A handset of the exchange, operated through the JSON API."""

    def __init__(self, deployment: Deployment, number: str) -> None:
        self.deployment, self.number, self.call = deployment, number, ""
        self.door = f"{deployment.exchange}/handsets/%2B{number[1:]}"

    def texts(self, body: str) -> None:
        self.deployment.post(f"{self.door}/texts", {"body": body})

    def received(self) -> list[str]:
        return [
            text["body"]
            for text in self.deployment.get(f"{self.door}/texts")["texts"]
            if text["direction"] == "received"
        ]

    def gets(self, words: str, within: float = LIMIT_SECONDS) -> str:
        def found() -> list[str]:
            return [body for body in self.received() if words in body]

        return self.deployment.until(found, lambda: f"{self.number} got {words!r}; it got {self.received()}", within)[0]

    def dials(self) -> "Handset":
        sid = self.deployment.post(f"{self.door}/calls")["sid"]
        self.call = f"{self.door}/calls/{sid}"
        return self

    def heard(self) -> list[str]:
        return [item["text"] for item in self.deployment.get(self.call)["heard"] if item["verb"] == "Say"]

    def hears(self, words: str, within: float = LIMIT_SECONDS) -> str:
        def found() -> list[str]:
            return [said for said in self.heard() if words in said]

        return self.deployment.until(found, lambda: f"{self.number} heard {words!r}; it heard {self.heard()}", within)[
            0
        ]

    def presses(self, digits: str) -> None:
        self.deployment.post(f"{self.call}/keys", {"digits": digits, "wait": 20})

    def says(self, words: str) -> None:
        self.deployment.post(f"{self.call}/speech", {"words": words, "wait": 20})

    def hangs_up(self) -> None:
        self.deployment.post(f"{self.call}/hangup")

    def status(self) -> str:
        return str(self.deployment.get(self.call)["status"])


class Site:
    """A website on loopback that can delay its responses."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.visits = 0
        site = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.visits += 1
                site.may_answer.wait(LIMIT_SECONDS)
                with contextlib.suppress(OSError):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"hello")

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def delay(self) -> None:
        self.may_answer.clear()

    def respond(self) -> None:
        self.may_answer.set()
