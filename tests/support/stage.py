"""The stage from outside: events written to the store, real gunicorn, and clients of its event stream."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from itertools import count

import events
from show.base_scene import TTL_SECONDS
from tests.support.ports import reserved_port
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually

VOTES_KEY = "show:votes:tabs"
PEOPLE = count()


class StageEvents:
    """Publishes events and votes."""

    def __init__(self, client):
        self.redis = client

    def publish(self, type, subject="", **data):
        """Publish one event; return its id."""
        events.publish(self.redis, type, subject, **data)
        return events.read_latest(self.redis, 1)[0].id

    def publish_text(self, subject="SM1", words="time", answer="It is 14:05.", who="+44 ••• 123", **data):
        """Publish a text and its answer; return the id of the answer's event."""
        self.publish("text.received", subject, who=who, words=words, **data)
        return self.publish("text.answered", subject, answer=answer, ms=6)

    def vote(self, count=1, option="tabs"):
        """Have this many more people vote in the poll of tests/support/talk.toml, as if by one webhook each."""
        for _ in range(count):
            pipe = self.redis.pipeline()
            pipe.hset(VOTES_KEY, f"person {next(PEOPLE)}", option)
            pipe.expire(VOTES_KEY, TTL_SECONDS)
            events.publish(pipe, "show.changed")
            pipe.execute()

    def all(self):
        """All events, oldest first."""
        return events.read_latest(self.redis, 10_000)


class StreamClient:
    """A client of /events that reads it item by item."""

    def __init__(self, port, buffer=0):
        self.line = socket.socket()
        if buffer:
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.line.settimeout(LIMIT_SECONDS)
        self.line.connect(("127.0.0.1", port))
        self.line.sendall(b"GET /events HTTP/1.1\r\nHost: stage\r\n\r\n")
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

    def scenes(self):
        """Yield the HTML of each scene."""
        for type, _, data in self.items():
            if type == "scene":
                yield data["html"]

    def wait_for(self, words):
        """The HTML of the first scene that contains these words."""
        for html in self.scenes():
            if words in html:
                return html
        raise AssertionError(f"The stream ended before {words!r}")

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
