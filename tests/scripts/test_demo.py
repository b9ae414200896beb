"""What the demo reads from a .env file, and what it says about sending."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from scripts.demo import describe_sending, read_env

ENV_FILE = r"""
# an account
TWILIO_AUTH_TOKEN=plain   # the newest
export SECRET_KEY="two words"
PRESENTER_PASSWORD='pa$$word${HOME}#1'
API_TOKENS=a=b,$HOME
GITHUB_TOKEN="1:-----BEGIN-----\nkey\n-----END-----"
EMPTY=
NAME_ALONE
"""


def test_env_file_with_comments_quotes_and_dollar_signs(tmp_path):
    (tmp_path / ".env").write_text(ENV_FILE)
    assert read_env(tmp_path / ".env") == {
        "TWILIO_AUTH_TOKEN": "plain",
        "SECRET_KEY": "two words",
        "PRESENTER_PASSWORD": "pa$$word${HOME}#1",
        "API_TOKENS": "a=b,$HOME",
        "GITHUB_TOKEN": "1:-----BEGIN-----\nkey\n-----END-----",
        "EMPTY": "",
    }


@pytest.mark.parametrize(
    ("body", "notice"),
    [
        ({"sending": "stopped: the presenter stopped it"}, "sending is stopped: the presenter stopped it; texts wait"),
        ({"sending": "active"}, ""),
        ({}, ""),
    ],
)
def test_notice_that_sending_is_stopped(body, notice):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert describe_sending(f"http://127.0.0.1:{server.server_address[1]}").startswith(notice)
        assert describe_sending("http://127.0.0.1:1") == ""
