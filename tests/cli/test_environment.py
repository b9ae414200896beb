"""`python -m scripts.flask`: a real account in .env never reaches a command of the demo."""

import os
import subprocess
import sys

import pytest

import config
from scripts import demo
from scripts import flask as program
from tests.support.processes import ROOT

REAL = """\
TWILIO_AUTH_TOKEN=a-real-token
REDIS_URL=redis://127.0.0.1:2
GITHUB_TOKEN=a-real-github-token
FLASK_APP=os
TRUSTED_PROXIES=not a number, so an app that reads it does not start
"""
DEPLOYED = {
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "a-real-token-of-the-account",
    "TWILIO_PHONE_NUMBER": "+12025550123",
    "SECRET_KEY": "a-real-key-that-signs-sessions",
    "PRESENTER_PASSWORD": "correct horse",
    "REDIS_URL": "redis://127.0.0.1:2",
    "PUBLIC_URL": "https://talk.example",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a real account in .env."""
    (tmp_path / ".env").write_text(REAL)
    (tmp_path / ".env.demo").write_text((ROOT / ".env.demo").read_text())
    (tmp_path / "demo").mkdir()
    monkeypatch.setattr(program, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "FOLDER", tmp_path / "demo")
    return tmp_path


def test_while_the_demo_runs_its_settings_are_used(folder):
    (folder / "demo" / "environment").write_text("REDIS_URL=redis://127.0.0.1:1\nPUBLIC_URL=http://127.0.0.1:1\n")
    found = program.build_environment({})
    assert (found["TWILIO_AUTH_TOKEN"], found["REDIS_URL"]) == (
        "the-demo-token-opens-nothing",
        "redis://127.0.0.1:1",
    )
    assert "GITHUB_TOKEN" not in found


def test_without_the_demo_the_account_in_dotenv_is_used(folder):
    found = program.build_environment({"PORT": "9000", "REDIS_URL": "redis://127.0.0.1:3"})
    assert found["TWILIO_AUTH_TOKEN"] == "a-real-token"
    assert (found["REDIS_URL"], found["PUBLIC_URL"]) == ("redis://127.0.0.1:3", "http://127.0.0.1:9000")


def test_account_in_dotenv_is_used_without_the_settings_of_the_demo(folder):
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in DEPLOYED.items()))
    settings = config.load(program.build_environment({}))
    assert (settings.public_url, settings.allow_loopback) == ("https://talk.example", False)
    assert not settings.webhook_secrets


@pytest.mark.parametrize("more", [{}, {"TALK": "my-talk.toml", "GITHUB_WEBHOOK_SECRET": "a-real-secret-of-github"}])
def test_while_make_live_runs_its_settings_are_used(folder, more, monkeypatch):
    monkeypatch.setattr(demo, "DEMO_ENV_FILE", folder / ".env.demo")
    demo.write_environment_file({**DEPLOYED, **more, "HOME": "/root"})
    found = program.build_environment({})
    assert config.load(found) == config.load({**DEPLOYED, **more})
    assert "HOME" not in found


def test_flask_does_not_read_dotenv_by_itself(folder, store, redis):
    (folder / "demo" / "environment").write_text(
        f"REDIS_URL=redis://127.0.0.1:{store.port}\nPUBLIC_URL=http://127.0.0.1:1\n"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DEMO_FOLDER": str(folder / "demo")}
    command = [sys.executable, "-m", "scripts.flask", "replay", "--since", "1m"]
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, "No stored request matches" in ended.stderr) == (2, True), ended.stderr


def test_a_missing_setting_is_named(folder, capsys, monkeypatch):
    (folder / ".env").unlink()
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(program.os, "environ", {})
    assert program.main() == 2
    message = capsys.readouterr().err
    assert "No demo is running in this folder (start it with: make demo)" in message
    assert "Set REDIS_URL" in message
