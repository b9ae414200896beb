"""Commands find the running demo, whatever its ports and password."""

import os

import pytest

from scripts import demo
from tests.support.ports import reserved_port
from tests.support.processes import run_program


@pytest.fixture
def port():
    return reserved_port()


@pytest.fixture
def environ(tmp_path, port, monkeypatch):
    """The environment of a command, next to a demo with ports of its own that does not respond."""
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    settings = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "PRESENTER_PASSWORD": "correct horse"}
    demo.write_environment_file(demo.read_env(demo.DEMO_ENV_FILE) | settings)
    return os.environ | {"DEMO_FOLDER": str(tmp_path), "FILE": str(tmp_path / "recording.jsonl")}


@pytest.mark.parametrize("command", ["scripts.crowd", "scripts.record"])
def test_command_asks_the_demo_that_runs(command, environ, port):
    run = run_program(command, environ)
    assert run.returncode == 1
    assert str(port) in run.stderr


def test_password_is_that_of_the_demo_that_runs(environ):
    assert demo.read_running_environment()["PRESENTER_PASSWORD"] == "correct horse"


def test_crowd_does_not_disturb_make_live(environ):
    demo.write_environment_file(dict.fromkeys(("EXCHANGE_AUTH_TOKEN", "PORT"), "1"))
    assert "make live" in run_program("scripts.crowd", environ).stderr
