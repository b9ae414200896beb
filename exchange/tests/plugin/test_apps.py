"""The app under test: a command, or a WSGI or ASGI app in the process of the tests."""

import asyncio
import os
import sys

import aiohttp
import pytest

from plugin import asgi_app
from ringback.testing import asgi_server

COMMAND = """
import http.server, os
class App(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_POST(self):
        App.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        body = f"<Response><Message>{os.getpid()} {App.asked} {os.environ['TWILIO_PHONE_NUMBER']}</Message></Response>"
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(body.encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
"""


class TestAsgiApp:
    @pytest.fixture
    def ringback_app(self):
        return asgi_app.app

    def test_is_texted(self, ada):
        ada.texts("tea")
        ada.reads("Hello from ASGI, tea")


class TestCommand:
    @pytest.fixture
    def ringback_app(self):
        return [sys.executable, "-c", COMMAND]

    @pytest.fixture
    def reply(self, ada):
        ada.texts("hi")
        return ada.reads().body.split()

    def test_gets_its_port_and_its_number(self, ringback, reply):
        assert reply[1:] == ["1", ringback.number]

    def test_is_not_started_again_for_the_next_test(self, reply):
        assert reply[1] == "2"

    def test_this_process_keeps_its_own_environment(self, ringback):
        assert "TWILIO_API_URL" not in os.environ


class TestCommandAndAppOfThisProcess:
    @pytest.fixture
    def ringback_app(self, request):
        is_command = request.node.name == "test_command_is_texted"
        return [sys.executable, "-c", COMMAND] if is_command else asgi_app.app

    def test_command_is_texted(self, ada):
        ada.texts("tea")
        ada.reads("+44")

    def test_app_of_this_process_takes_its_place(self, ada):
        ada.texts("tea")
        ada.reads("Hello from ASGI, tea")


class TestCommandWithOptions:
    @pytest.fixture
    def ringback_options(self):
        return ["--number", "+441632960007", "--sms", "/texts", "--", sys.executable, "-c", COMMAND]

    @pytest.fixture
    def ringback_app(self):
        return None

    def test_options_are_those_of_the_command_line(self, ringback, ada):
        ada.texts("hi")
        ada.reads("1 +441632960007")
        assert ringback.requests[0].path == "/texts"


def test_asgi_app_has_websockets():
    async def conversation(url):
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            await socket.send_str("tea")
            return await socket.receive_str()

    with asgi_server.serving(asgi_app.app) as origin:
        assert asyncio.run(conversation(f"{origin}/stream")) == "echo tea"


def test_asgi_app_that_cannot_start_says_why():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="startup failed: no database"), asgi_server.serving(app):
        pass
