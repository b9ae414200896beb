"""The stage from outside: events written to the store, real gunicorn, and clients of its event stream."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys

import events
from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually


class StageEvents:
    """Publishes events."""

    def __init__(self, client):
        self.redis = client

    def publish(self, kind, story="", **facts):
        """Publish one event; its id."""
        events.publish(self.redis, kind, story, **facts)
        return events.read_latest(self.redis, 1)[0].id

    def publish_text(self, story="SM1", words="time", answer="It is 14:05.", who="+44 ••• 123"):
        """Publish a text and its answer; the id of the answer's event."""
        self.publish("text.received", story, who=who, words=words)
        return self.publish("text.answered", story, answer=answer, ms=6)

    def ids(self):
        return [event.id for event in events.read_latest(self.redis, 10_000)]


class StreamClient:
    """A client of /events that reads it item by item."""

    def __init__(self, port, last="", header="", buffer=0):
        self.line = socket.socket()
        if buffer:
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.line.settimeout(LIMIT_SECONDS)
        self.line.connect(("127.0.0.1", port))
        named = f"Last-Event-ID: {header}\r\n" if header else ""
        query = f"?last={last}" if last else ""
        self.line.sendall(f"GET /events{query} HTTP/1.1\r\nHost: stage\r\n{named}\r\n".encode())
        self.answer = http.client.HTTPResponse(self.line)
        self.answer.begin()

    def items(self):
        """Yield (event, id, data) until the stream ends, without comments."""
        item = {}
        while line := self._line():
            name, _, value = line.rstrip("\n").partition(": ")
            if line == "\n":
                if "data" in item:
                    yield item.get("event"), item.get("id", ""), json.loads(item["data"])
                item = {}
            elif name:
                item[name] = value

    def _line(self):
        try:
            return self.answer.readline().decode()
        except (http.client.IncompleteRead, ConnectionResetError):  # disconnected in the middle of a chunk
            return ""

    def read_until(self, last, kinds=("entry", "rejections", "sending", "gap")):
        """The items up to the one with the id `last`, without heartbeats."""
        found = []
        for item in self.items():
            if item[0] in kinds:
                found.append(item)
            if item[1] == last:
                return found
        raise AssertionError("The stream ended")

    def wait_for(self, kind):
        return next(item for item in self.items() if item[0] == kind)

    def close(self):
        self.answer.close()
        self.line.close()


class StageServer:
    """Gunicorn with one gevent worker."""

    def __init__(self, url, **environ):
        self.port = reserved_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start(url, **environ)

    def start(self, url, **environ):
        """Start gunicorn, always on the same port."""
        command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-b", f"127.0.0.1:{self.port}"]
        command += ["-c", "tests/support/gunicorn_conf.py", "--no-control-socket", "--graceful-timeout", "3600"]
        command += ["tests.support.stage_app:make()"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"REDIS_URL": url} | environ)
        eventually(self.answers)

    def answers(self):
        try:
            return self.get("/health/live")
        except OSError:
            return False

    def get(self, path):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_SECONDS)
        line.request("GET", path)
        answer = line.getresponse()
        body = answer.read().decode()
        line.close()
        return answer.status, answer.headers, body

    def feed(self):
        """The numbers of viewers and of reader threads."""
        return json.loads(self.get("/test/feed")[2])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
        self.process.wait(LIMIT_SECONDS)
