"""What processes log: phone numbers are masked also in tracebacks, and nobody can forge or fill a log."""

import logging
import subprocess
import sys

import pytest

import logs
from masking import mask_all
from tests.support.processes import ROOT
from tests.support.receivers import answers, receiver
from tests.support.web_server import WebServer

NUMBER = "+447700900123"


def run(code: str) -> str:
    """Run a program that sets up its log first; return what it wrote to standard error."""
    program = [sys.executable, "-c", f"import logs, logging, sys; logs.set_up()\n{code}"]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True).stderr


@pytest.mark.parametrize(
    "code",
    [
        f"logging.getLogger('a').warning('from %s', '{NUMBER}')",
        f"try: int('{NUMBER}x')\nexcept ValueError: logging.exception('failed')",
        f"int('{NUMBER}x')",
        f"import threading; threading.Thread(target=int, args=['{NUMBER}x']).start()",
        f"import gevent; gevent.spawn(int, '{NUMBER}x').join()",
        f"import warnings; warnings.warn('{NUMBER}')",
    ],
    ids=["message", "logged traceback", "traceback", "thread", "greenlet", "warning"],
)
def test_numbers_are_masked_wherever_they_are_logged(code):
    written = run(code)
    assert "+44 ••• 123" in written
    assert NUMBER[3:] not in written


def test_numbers_are_masked_in_every_encoding_of_a_url():
    assert mask_all("?From=%2B447700900123&To=%252b12025550142") == "?From=+44 ••• 123&To=+12 ••• 142"


def test_control_characters_cannot_forge_a_log():
    written = run(r"logging.error('a\x1b[31m\x00\rb\u202ec\n')")
    assert written == "ERROR root: a\\x1b[31m\\x00\\rb\\u202ec\n\n"


def test_malformed_headers_of_a_response_log_neither_the_url_nor_a_traceback():
    with receiver(answers(b"HTTP/1.1 200 OK\r\n folded: x\r\nContent-Length: 0\r\n\r\n")) as there:
        url = f"http://127.0.0.1:{there.port}/hook/s3cret"
        written = run(f"import urllib3\nprint(urllib3.request('POST', '{url}').status, file=sys.stderr)")
    assert written == "200\n"


def test_one_place_cannot_fill_the_log():
    lines = run("for number in range(500): logging.error('line %d', number)\nlogging.error('the end')").splitlines()
    assert len(lines) < 30
    assert lines[-1].endswith("the end")


def test_handlers_that_exist_already_are_not_limited(caplog, monkeypatch):
    """Those of pytest, when a test runs a program in its own process."""
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    logs.set_up()
    for number in range(2 * logs.BURST_LINES):
        logging.warning("line %d", number)
    assert len(caplog.records) == 2 * logs.BURST_LINES


def test_omitted_lines_are_counted(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    limit = logs.LineLimit()

    def log():
        record = logging.makeLogRecord({"msg": "busy %s", "args": ("now",), "pathname": "x.py", "lineno": 1})
        return record.getMessage() if limit.filter(record) else ""

    assert [bool(log()) for _ in range(30)] == [True] * 20 + [False] * 10
    now[0] += 1
    assert log() == "busy now (10 similar lines were omitted)"


def test_gunicorn_and_the_app_mask_what_they_log(store, tmp_path):
    server = WebServer(tmp_path, store.port)
    server.send(f"GET /x?From={NUMBER} HTTP/9.9\r\n\r\n")
    server.send(f"GET {NUMBER}\x1b[31m HTTP/1.1\r\n\r\n")
    server.send(f"POST /sms?From={NUMBER} HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\nContent-Length: 0\r\n\r\n")
    server.stop()
    assert "Invalid request" in server.log
    assert "Rejected POST /sms" in server.log
    assert NUMBER[3:] not in server.log
    assert "\x1b" not in server.log
