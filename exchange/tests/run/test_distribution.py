"""The wheel and the source distribution: complete, without foreign dependencies, and usable outside this repository."""

import ast
import email
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from ringback.testing.ports import reserved_port
from ringback.testing.waiting import LIMIT_SECONDS, eventually
from support.processes import PROJECT

APP = """
import http.server, os
class App(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = {"/sms": b"<Message>Got it</Message>", "/voice": b"<Say>Hello there</Say>"}[self.path]
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(b"<Response>" + body + b"</Response>")
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("built")
    build = [str(Path(sys.executable).with_name("hatchling")), "build", "--directory", str(folder)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def metadata(wheel):
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(wheel.read(name))


def tracked(folder: str) -> set[str]:
    """The files that git tracks in a folder of the project. Skips the test in an unpacked source distribution."""
    listed = subprocess.run(["git", "ls-files", folder], cwd=PROJECT, capture_output=True, text=True)
    if not listed.stdout:
        pytest.skip("needs a git checkout")
    return set(listed.stdout.split())


def test_wheel_holds_exactly_the_package(wheel):
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == tracked("ringback")


def test_wheel_depends_on_what_it_imports_and_on_nothing_else(metadata):
    required = {re.split(r"[^a-z0-9-]", line)[0] for line in metadata.get_all("Requires-Dist")}
    assert required == imported()


def imported() -> set[str]:
    """The third-party modules that the package imports; each has the name of its distribution.

    The pytest plugin is loaded only by pytest."""
    names = set()
    for path in set((PROJECT / "ringback").rglob("*.py")) - {PROJECT / "ringback/pytest_plugin.py"}:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"ringback", "_ssl", "_socket"}


def test_wheel_states_licence_versions_and_that_it_is_not_twilios(metadata, wheel):
    assert metadata["License-Expression"] == "MIT"
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Not affiliated with Twilio" in metadata["Summary"]


def test_source_distribution_has_the_documents(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert tracked(".") - names == set()


@pytest.fixture
def origin(wheel, tmp_path):
    """The URL of `ringback run` with a small app, both started from the unpacked wheel in an empty folder."""
    wheel.extractall(tmp_path / "site")
    (tmp_path / "app.py").write_text(APP)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "site"), "PORT": str(reserved_port())}
    command = [sys.executable, "-m", "ringback", "run", "--port=0", "--voice=/voice", "--sms=/sms", "--pace=0"]
    with subprocess.Popen(
        [*command, "--", sys.executable, "app.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        yield next(line for line in process.stdout if line.startswith("ready")).split()[5].rstrip("/")
        process.terminate()


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=LIMIT_SECONDS) as response:
        return json.load(response)


def test_unpacked_wheel_texts_and_calls_an_app(origin):
    phone = f"{origin}/handsets/+447700900001"
    ask(f"{phone}/texts", {"body": "hello"})
    ask(f"{phone}/calls", {})
    eventually(lambda: [text["body"] for text in ask(phone)["texts"]] == ["hello", "Got it"])
    eventually(lambda: "Hello there" in [item.get("text") for item in ask(phone)["calls"][0]["heard"]])


@pytest.mark.parametrize("path", ["/", "/pages/tokens.css", "/pages/phones/main.js", "/pages/phones/icon.svg"])
def test_unpacked_wheel_serves_the_pages(origin, path):
    with urlopen(origin + path, timeout=LIMIT_SECONDS) as response:
        assert response.status == 200 and response.read()
