"""`make live` changes the number's webhooks and restores them, and the release step checks the setup."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from twilio.rest import Client

import config
from scripts.demo import read_env
from scripts.live import build_environment, check_placeholders
from scripts.setup.checks import CannotStart
from tests.support.environment import own_environment
from tests.support.ports import reserved_port
from tests.support.processes import ROOT, run_program
from tests.support.waiting import LIMIT_SECONDS, eventually

BEFORE = {"voice_url": "https://old.example/voice", "sms_url": "https://old.example/sms", "sms_method": "GET"}


@pytest.fixture
def real_account(exchange):
    """What stands in .env: an account, and here the exchange in Twilio's place."""
    port = reserved_port()
    account = own_environment() | {"TWILIO_API_URL": exchange.url, "PORT": str(port)}
    few = {
        "WEB_CONCURRENCY": "1",
        "PYTHONUNBUFFERED": "1",
        "EXCHANGE_PORT": str(reserved_port()),
    }  # nobody calls while these tests run
    return os.environ | account | few | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}


@pytest.fixture
def number(real_account):
    """The number at Twilio, with webhooks that somebody set before us."""
    client = Client(real_account["TWILIO_ACCOUNT_SID"], real_account["TWILIO_AUTH_TOKEN"])
    client.api.base_url = real_account["TWILIO_API_URL"]
    found = client.incoming_phone_numbers.list(phone_number=real_account["TWILIO_PHONE_NUMBER"])[0]
    found.update(**BEFORE, voice_fallback_url="", sms_fallback_url="", status_callback="")
    return found


def bought(real_account, phone_number):
    """Another number of the account, with the same webhooks."""
    client = Client(real_account["TWILIO_ACCOUNT_SID"], real_account["TWILIO_AUTH_TOKEN"])
    client.api.base_url = real_account["TWILIO_API_URL"]
    return client.incoming_phone_numbers.create(phone_number=phone_number, **BEFORE)


def webhooks(number):
    now = number.fetch()
    return {name: getattr(now, name) for name in BEFORE}


class Live:
    def __init__(self, environ, folder, *arguments):
        self.environ = environ | {"DEMO_FOLDER": str(folder)}
        self.output = folder / "output"
        with self.output.open("wb") as output:
            command = [sys.executable, "-m", "scripts.live", *arguments]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environ, stdin=subprocess.PIPE, stdout=output, stderr=output
            )

    def says(self, words):
        eventually(lambda: words in self.output.read_text(), lambda: f"{words!r} in {self.output.read_text()}")


@pytest.fixture
def live(real_account, number, tmp_path):
    started = []

    def start(*arguments, **changes):
        started.append(Live(real_account | changes, tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)
            one.process.wait(LIMIT_SECONDS)
        one.process.stdin.close()


def test_webhooks_of_each_number_are_changed_and_restored(live, number, real_account):
    second = bought(real_account, "+12025550123")
    show = live("--yes", TWILIO_PHONE_NUMBER=f"{real_account['TWILIO_PHONE_NUMBER']},+12025550123")
    show.says("ready  call or text +447700900100 or +12025550123")
    for one in (number, second):
        assert webhooks(one)["voice_url"] == f"{real_account['PUBLIC_URL']}/voice#rc=5&rp=ct,5xx"
        assert webhooks(one)["sms_method"] == "POST"
    show.says("ok   number: the webhooks of +44 ••• 100 lead here")
    show.says("ok   signature: accepted if correct and rejected if not")
    show.process.send_signal(signal.SIGINT)
    show.process.wait(LIMIT_SECONDS)
    show.says("have been restored")
    assert webhooks(number) == webhooks(second) == BEFORE
    assert "https://old.example/voice\n" in show.output.read_text()


def test_answering_no_changes_nothing(live, number):
    show = live()
    show.process.stdin.write(b"n\n")
    show.process.stdin.flush()
    show.process.wait(LIMIT_SECONDS)
    assert show.process.returncode == 2
    assert webhooks(number) == BEFORE


def test_end_of_input_at_the_question_changes_nothing(live, number):
    show = live()
    show.process.stdin.close()
    show.process.wait(LIMIT_SECONDS)
    assert show.process.returncode == 2
    show.says("Nobody can answer here")
    assert "Traceback" not in show.output.read_text()
    assert webhooks(number) == BEFORE


def test_readme_example_works_with_its_comments_once_the_placeholders_are_replaced(tmp_path):
    example = re.search(r"<!-- example: .env -->\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    (tmp_path / ".env").write_text(example)
    given = read_env(tmp_path / ".env")
    with pytest.raises(CannotStart) as error:
        check_placeholders(given)
    assert all(name in str(error.value) for name in given)
    filled = {"AC…": "AC" + 32 * "0", "+44…": "+447700900100", "…": "a-real-value-of-the-account"}
    values = {name: filled[value] for name, value in given.items()}
    check_placeholders(values)
    assert config.load({"REDIS_URL": "redis://127.0.0.1", **values}).twilio_phone_number == ("+447700900100",)


def test_ctrl_c_at_the_question_changes_nothing(live, number):
    show = live()
    show.says("Change them?")
    show.process.send_signal(signal.SIGINT)
    show.process.wait(LIMIT_SECONDS)
    assert show.process.returncode == 2
    assert webhooks(number) == BEFORE


def test_next_run_restores_the_webhooks_after_a_kill(live, number, tmp_path):
    killed = live("--yes")
    killed.says("ready  call or text")
    killed.process.kill()
    killed.process.wait()
    assert webhooks(number) != BEFORE
    live().says("have been restored")
    assert webhooks(number) == BEFORE


def test_webhooks_changed_elsewhere_are_not_restored(live, number):
    show = live("--yes")
    show.says("ready  call or text")
    number.update(voice_url="https://newer.example/voice")
    show.process.send_signal(signal.SIGINT)
    show.process.wait(LIMIT_SECONDS)
    show.says("Somebody changed voice_url")
    assert webhooks(number)["voice_url"] == "https://newer.example/voice"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"TWILIO_AUTH_TOKEN": "wrong"}, "Twilio refused TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
        ({"TWILIO_PHONE_NUMBER": "+447700900999"}, "does not belong to this account"),
        ({"TWILIO_API_URL": "http://127.0.0.1:9"}, "could not be reached"),
        ({"SECRET_KEY": ""}, "Set SECRET_KEY"),
    ],
)
def test_wrong_settings_are_reported_without_a_traceback(real_account, tmp_path, change, words):
    environ = real_account | change | {"DEMO_FOLDER": str(tmp_path)}
    run = run_program("scripts.live", environ)
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr


class TestRelease:
    """The step before a new version goes live."""

    def run(self, environ):
        command = [sys.executable, "-m", "scripts.release"]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=LIMIT_SECONDS)

    def test_complete_setup_passes(self, real_account, redis, store):
        done = self.run(real_account | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"})
        assert (done.returncode, done.stdout) == (0, "This version has everything that it requires.\n")

    def test_missing_setting_is_named_and_stops_the_release(self, real_account, store):
        environ = {name: value for name, value in real_account.items() if name != "PRESENTER_PASSWORD"}
        done = self.run(environ | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"})
        assert done.returncode == 1
        assert "Set PRESENTER_PASSWORD" in done.stderr

    def test_unreachable_redis_stops_the_release(self, real_account):
        done = self.run(real_account | {"REDIS_URL": f"redis://127.0.0.1:{reserved_port()}"})
        assert done.returncode == 1
        assert "The store at REDIS_URL does not respond" in done.stderr
        assert "Traceback" not in done.stderr

    def test_other_webhook_urls_are_only_advice(self, real_account, number, store):
        done = self.run(real_account | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"})
        assert done.returncode == 0
        assert "The voice_url of +44…100 (Britain (UK), 1000/s) is not" in done.stderr


def test_app_json_is_valid():
    assert json.loads((ROOT / "app.json").read_text())["formation"].keys() == {"web", "worker"}


@pytest.mark.parametrize(
    ("given", "expected"), [({}, "1"), ({"TRUSTED_PROXIES": "2"}, "2"), ({"TRUSTED_PROXIES": ""}, "1")]
)
def test_visitors_behind_the_tunnel_are_told_apart(given, expected):
    environ = build_environment({"REDIS_URL": "redis://127.0.0.1:1", **given}, "https://talk.example")
    assert environ["TRUSTED_PROXIES"] == expected
