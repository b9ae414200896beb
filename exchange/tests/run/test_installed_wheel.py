"""The wheel in an empty virtual environment, far from this folder: `run`, `serve` and the pytest plugin.

All apps start at the same time, because they are independent and each needs seconds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ringback.testing.waiting import LIMIT_SECONDS
from run.conftest import Run
from support.exchange import SID, TOKEN
from support.processes import NODE, PROJECT, needs

APPS = Path(__file__).parent / "frameworks"
# By framework: the program and the package that has it, and the command that starts the app.
FRAMEWORKS = {
    "Flask": (sys.executable, "Flask", [sys.executable, str(APPS / "flask_app.py")]),
    "Express": ("node", "nodejs, and express by `make test`", ["node", str(NODE / "express_app.cjs")]),
    "Sinatra": ("ruby", "ruby-sinatra and puma", ["ruby", str(APPS / "sinatra_app.rb"), "-q"]),
    "PHP": ("php", "php-cli and php-curl", ["sh", "-c", f"exec php -S 127.0.0.1:$PORT {APPS / 'php_app.php'}"]),
    "Go": ("go", "golang-go", ["go", "run", str(APPS / "main.go")]),
}
PROJECT_OF_A_USER = """
import pytest

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/xml")])
    verb = "<Say>Press 1</Say>" if environ["PATH_INFO"] == "/voice" else "<Message>Hello</Message>"
    return [f"<Response>{verb}</Response>".encode()]

@pytest.fixture
def ringback_app():
    return app

def test_text(ringback):
    ada = ringback.phone("+447700900001")
    ada.texts("hi")
    assert ada.reads("Hello")

def test_call(ringback):
    ringback.phone("+447700900001").calls().hears("Press 1")
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of the programs of a virtual environment that holds the wheel, its dependencies and pytest."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "venv"
    build = [str(Path(sys.executable).with_name("hatchling")), "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True, timeout=LIMIT_SECONDS)
    uv, python = Path(sys.executable).with_name("uv"), environment / "bin/python"
    wheel = next(folder.glob("*.whl"))
    install = [uv, "pip", "install", "--quiet", "--python", python, wheel, "pytest"]
    done = subprocess.run(install, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    needs(done.returncode == 0, f"a package index: {done.stderr[-500:]}")
    subprocess.run([environment / "bin/ringback", "--version"], check=True)  # compiles what the others will import
    return environment / "bin"


@pytest.fixture(scope="module")
def started(programs, tmp_path_factory):
    """Every framework's app, started by `ringback run`, by the name of the framework."""
    running = {}
    for name, (program, _, command) in FRAMEWORKS.items():
        if has(name, program):
            folder = tmp_path_factory.mktemp(name)
            running[name] = Run(
                folder, *command, program=(str(programs / "ringback"),), PYTHONPATH="", **variables(name)
            )
    yield running
    for each in running.values():
        each.process.terminate()
    for each in running.values():
        assert each.ends() == 0
        each.close()


def has(name, program):
    if name == "Express":
        return shutil.which(program) and (NODE / "node_modules/express").is_dir()
    if name == "Sinatra":
        return shutil.which(program) and subprocess.run(["ruby", "-e", "require 'sinatra/base'"]).returncode == 0
    return shutil.which(program)


def variables(name):
    """Go's cache outlives the test, so that the next run compiles less."""
    if name != "Go":
        return {}
    return {"GOCACHE": subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True).stdout.strip()}


@pytest.fixture(params=FRAMEWORKS)
def framework(request, started):
    """The name of a framework, and its running app."""
    needs(request.param in started, FRAMEWORKS[request.param][1])
    return request.param, started[request.param]


def test_app_is_texted_and_reaches_twilio(framework):
    _, running = framework
    ada = running.person("1")
    ada.texts("hello")
    ada.gets("Twilio says active")


def test_app_is_called(framework):
    name, running = framework
    ada = running.person("2")
    ada.dials()
    ada.hears(f"Hello from {name}")


def test_serve(programs, tmp_path):
    account = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_PHONE_NUMBER": "+441632960000"}
    command = [str(programs / "ringback"), "serve", "--port=0", "--app=http://127.0.0.1:9"]
    with subprocess.Popen(command, env=account, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("ringback: ready at http://127.0.0.1:")
        process.terminate()
        assert process.wait(LIMIT_SECONDS) == 0


def test_pytest_plugin_in_a_project_of_its_own(programs, tmp_path):
    (tmp_path / "test_shop.py").write_text(PROJECT_OF_A_USER)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    command = [str(programs / "pytest"), "-oringback_timeout=60"]
    done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert "2 passed" in done.stdout, done.stdout
