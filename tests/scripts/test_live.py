"""`make live` changes the number's webhooks and restores them."""

import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass

import pytest
import requests
from pyngrok import ngrok
from pyngrok.conf import PyngrokConfig, get_default
from pyngrok.ngrok import NgrokTunnel
from twilio.rest import Client

import config
from scripts import number_webhooks
from scripts.demo import read_env
from scripts.live import build_environment, check_placeholders, open_tunnel
from scripts.number_webhooks import NumberWebhooks
from scripts.setup.checks import CannotStart
from tests.support.ports import reserved_port
from tests.support.processes import ROOT, run_program
from tests.support.waiting import LIMIT_SECONDS, eventually

BEFORE = {"voice_url": "https://old.example/voice", "sms_url": "https://old.example/sms", "sms_method": "GET"}


@pytest.fixture(scope="module")
def numbers_at_twilio(real_account):
    client = Client(real_account["TWILIO_ACCOUNT_SID"], real_account["TWILIO_AUTH_TOKEN"])
    client.api.base_url = real_account["TWILIO_API_URL"]
    return client.incoming_phone_numbers


@pytest.fixture(scope="module")
def number(real_account, numbers_at_twilio):
    """The number at Twilio, with webhooks that somebody set before us."""
    found = numbers_at_twilio.list(phone_number=real_account["TWILIO_PHONE_NUMBER"])[0]
    found.update(**BEFORE, voice_fallback_url="", sms_fallback_url="", status_callback="")
    return found


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

    def press_ctrl_c(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LIMIT_SECONDS)


@pytest.fixture
def live(real_account, number, tmp_path):
    one = Live(real_account, tmp_path)
    yield one
    if one.process.poll() is None:
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(LIMIT_SECONDS)
    one.process.stdin.close()


@dataclass
class Runs:
    """A run for three numbers that was killed, and the next one, which Ctrl-C ended. The webhooks of the numbers."""

    public_url: str
    at_the_kill: list
    while_ready: list
    at_the_end: list
    output: str


@pytest.fixture(scope="module")
def runs(real_account, number, numbers_at_twilio, tmp_path_factory):
    """While the second run is ready, somebody changes the webhooks of the third number."""
    folder, others = tmp_path_factory.mktemp("live"), ("+12025550123", "+12025550124")
    ours = [number, *(numbers_at_twilio.create(phone_number=other, **BEFORE) for other in others)]
    environ = real_account | {"TWILIO_PHONE_NUMBER": ",".join(one.phone_number for one in ours)}
    killed = Live(environ, folder, "--yes")
    killed.says("ready  call or text")
    at_the_kill = [webhooks(one) for one in ours]
    killed.process.kill()
    killed.process.wait()
    killed.process.stdin.close()
    eventually(lambda: not (folder / "supervisord.pid").exists(), "everything that it started has ended")
    show = Live(environ, folder, "--yes")
    try:
        show.says("ready  call or text +447700900100 or +12025550123 or +12025550124")
        while_ready = [webhooks(one) for one in ours]
        ours[2].update(voice_url="https://newer.example/voice")
    finally:
        show.press_ctrl_c()
        show.process.stdin.close()
    return Runs(
        environ["PUBLIC_URL"], at_the_kill, while_ready, [webhooks(one) for one in ours], show.output.read_text()
    )


def test_webhooks_of_each_number_are_changed_and_restored(runs):
    for before in runs.while_ready:
        assert before["voice_url"] == f"{runs.public_url}/voice#rc=5&rp=ct,5xx"
        assert before["sms_method"] == "POST"
    assert runs.at_the_end[:2] == [BEFORE] * 2
    assert "https://old.example/voice\n" in runs.output


def test_number_and_signature_are_checked_with_the_new_webhooks(runs):
    assert "ok   number: the webhooks of +44 ••• 100 lead here" in runs.output
    assert "ok   signature: accepted if correct and rejected if not" in runs.output


def test_next_run_restores_the_webhooks_after_a_kill(runs):
    assert BEFORE not in runs.at_the_kill
    restored, _, _ = runs.output.partition("They will be restored at the end.")
    assert restored.count("have been restored") == 3
    assert runs.at_the_end[0] == BEFORE  # and not what the killed run had set


def test_webhooks_changed_elsewhere_are_not_restored(runs):
    assert "Somebody changed voice_url" in runs.output
    assert runs.at_the_end[2]["voice_url"] == "https://newer.example/voice"


class NumberAtTwilio:
    """A number's resource, of which the first requests fail: a network that has just been lost."""

    sid, phone_number = "PN1", "+447700900100"

    def __init__(self, failures):
        self.failures, self.voice_url = failures, "https://tunnel.example/voice"

    def fetch(self):
        if self.failures:
            self.failures -= 1
            raise requests.exceptions.ConnectionError
        return self

    def update(self, voice_url):
        self.voice_url = voice_url


def restore_after_a_kill(number, tmp_path, monkeypatch):
    """Restore the saved webhooks. Returns the file in which they were saved."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    changes = [NumberWebhooks(number, {"voice_url": "https://old.example/voice"}, {"voice_url": number.voice_url})]
    number_webhooks.save(changes, tmp_path / "saved")
    number_webhooks.restore_saved([number], tmp_path / "saved")
    return tmp_path / "saved"


def test_webhooks_are_restored_once_the_network_is_back(tmp_path, monkeypatch):
    number = NumberAtTwilio(failures=2)
    assert not restore_after_a_kill(number, tmp_path, monkeypatch).exists()
    assert number.voice_url == "https://old.example/voice"


def test_webhooks_that_could_not_be_restored_stay_saved(tmp_path, monkeypatch):
    with pytest.raises(CannotStart, match="try again"):
        restore_after_a_kill(NumberAtTwilio(failures=99), tmp_path, monkeypatch)
    assert "https://old.example/voice" in (tmp_path / "saved").read_text()


def test_answering_no_changes_nothing(live, number):
    live.process.stdin.write(b"n\n")
    live.process.stdin.flush()
    live.process.wait(LIMIT_SECONDS)
    assert live.process.returncode == 2
    assert webhooks(number) == BEFORE


def test_end_of_input_at_the_question_changes_nothing(live, number):
    live.process.stdin.close()
    live.process.wait(LIMIT_SECONDS)
    assert live.process.returncode == 2
    live.says("Nobody can answer here")
    assert "Traceback" not in live.output.read_text()
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
    live.says("Change them?")
    live.press_ctrl_c()
    assert live.process.returncode == 2
    assert webhooks(number) == BEFORE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"TWILIO_AUTH_TOKEN": "wrong"}, "Twilio refused TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
        ({"TWILIO_PHONE_NUMBER": "+447700900999"}, "does not belong to this account"),
        ({"TWILIO_API_URL": "http://127.0.0.1:9"}, "could not be reached"),
        ({"SECRET_KEY": ""}, "Set SECRET_KEY"),
    ],
)
def test_wrong_settings_are_reported(real_account, change, words):
    with pytest.raises((CannotStart, config.ConfigError), match=words):
        number_webhooks.find_numbers(config.load({"REDIS_URL": "redis://unused"} | real_account | change))


def test_wrong_settings_end_the_program_without_a_traceback(real_account, tmp_path):
    run = run_program("scripts.live", real_account | {"TWILIO_AUTH_TOKEN": "wrong", "DEMO_FOLDER": str(tmp_path)})
    assert run.returncode == 1
    assert "Twilio refused TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN" in run.stderr
    assert "Traceback" not in run.stderr


def test_tunnel_is_opened_with_the_token_of_the_env_file(monkeypatch):
    tokens = []

    def connect(*_, **__):
        tokens.append(get_default().auth_token)
        return NgrokTunnel({"public_url": "https://talk.ngrok.example"}, PyngrokConfig(), "")

    monkeypatch.delenv("NGROK_AUTHTOKEN", raising=False)
    monkeypatch.setattr(ngrok, "connect", connect)
    ports = {name: str(reserved_port()) for name in ("PORT", "EXCHANGE_PORT")}
    with open_tunnel(ports | {"NGROK_AUTHTOKEN": "a-token-of-ngrok"}) as public_url:
        assert public_url == "https://talk.ngrok.example"
    assert tokens == ["a-token-of-ngrok"]


def test_app_json_is_valid():
    assert json.loads((ROOT / "app.json").read_text())["formation"].keys() == {"web", "worker"}


@pytest.mark.parametrize(
    ("given", "expected"), [({}, "1"), ({"TRUSTED_PROXIES": "2"}, "2"), ({"TRUSTED_PROXIES": ""}, "1")]
)
def test_visitors_behind_the_tunnel_are_told_apart(given, expected):
    environ = build_environment({"REDIS_URL": "redis://127.0.0.1:1", **given}, "https://talk.example")
    assert environ["TRUSTED_PROXIES"] == expected
