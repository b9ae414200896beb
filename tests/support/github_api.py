"""A fake GitHub API: the deliveries of one webhook, as in its documentation."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOOK = "/repos/talk/demo/hooks/1"
TOKEN = "a-token-of-github"


class GitHub:
    """`url` is the webhook's. `refuse`: (status, headers) for the next requests. `asked_again`: the redelivered ids."""

    def __init__(self):
        self.attempts, self.details, self.refuse, self.asked_again, self.asked = [], {}, [], [], []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Answering(self, *given))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.url = self.origin + HOOK
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def delivered(self, guid, at, event="issues", payload=None, status=502, redelivery=False):
        """Add a delivery attempt. Without a payload, it is one whose request the API no longer shows."""
        row = {
            "id": 1000 + len(self.attempts),
            "guid": guid,
            "delivered_at": at,
            "redelivery": redelivery,
            "duration": 0.27,
            "status": "OK" if status == 200 else "failed to connect to host",
            "status_code": status,
            "event": event,
            "action": "opened",
            "installation_id": None,
            "repository_id": 456,
            "throttled_at": None,
        }
        headers = {
            "X-GitHub-Delivery": guid,
            "X-Hub-Signature-256": "sha256=6dcb09b5b57875f334f61aebed695e2e4193db5e",
            "Accept": "*/*",
            "X-GitHub-Hook-ID": "42",
            "User-Agent": "GitHub-Hookshot/b8c71d8",
            "X-GitHub-Event": event,
            "content-type": "application/json",
        }
        self.attempts.insert(0, row)
        request = {"headers": headers, "payload": payload}
        response = {"headers": {"Content-Type": "text/html;charset=utf-8"}, "payload": "ok"}
        self.details[row["id"]] = row | {"url": "https://www.example.com", "request": request, "response": response}


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, github, *given):
        self.github = github
        super().__init__(*given)

    def do_GET(self):
        if self.refused():
            return
        path, rest = urlsplit(self.path), urlsplit(self.path).path.removeprefix(HOOK + "/deliveries")
        if rest == "":
            asked = {name: values[0] for name, values in parse_qs(path.query).items()}
            start, size = int(asked.get("cursor", "v1_0")[3:]), min(int(asked["per_page"]), 2)  # pages of two
            more = len(self.github.attempts) > start + size
            following = f"{self.github.url}/deliveries?per_page=100&cursor=v1_{start + size}"
            link = {"Link": f'<{following}>; rel="next"'} if more else {}
            self.answer(200, self.github.attempts[start : start + size], link)
        else:
            self.answer(200, self.github.details[int(rest.strip("/"))])

    def do_POST(self):
        if not self.refused():
            self.github.asked_again.append(int(self.path.split("/")[-2]))
            self.answer(202, {})

    def refused(self):
        self.github.asked.append(self.path)
        if self.github.refuse:
            status, headers = self.github.refuse.pop(0)
            self.answer(status, {"message": "No."}, headers)
            return True
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(401, {"message": "Bad credentials"})
            return True
        return False

    def answer(self, status, said, headers=None):
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, text in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
