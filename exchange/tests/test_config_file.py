"""ringback.toml and the command line: which options hold, and how a mistake is reported."""

import pytest

from ringback.__main__ import main
from ringback.launcher.command_line_options import UsageError
from ringback.launcher.config_file import parse
from ringback.launcher.option_validation import settings_from
from ringback.state import State
from support.exchange import NUMBER, SID, TOKEN

ACCOUNT = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_URL": "http://127.0.0.1:5000"}
OTHER = "+12025550123"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Writes ringback.toml in the current folder."""
    monkeypatch.chdir(tmp_path)
    return (tmp_path / "ringback.toml").write_text


def numbers(*arguments, **environment):
    """The app's numbers with their webhooks for calls and texts."""
    settings = settings_from(parse(["serve", *arguments]), ACCOUNT | environment)
    return [
        (
            number,
            urls.voice_url.removeprefix("http://127.0.0.1:5000"),
            urls.sms_url.removeprefix("http://127.0.0.1:5000"),
        )
        for number, urls in State(settings).numbers.items()
    ]


def test_webhooks_after_a_number_are_its_own():
    assert numbers("--number", NUMBER, "--voice=/a", "--sms=/b", "--number", "+1 202 555 0123", "--voice=/c") == [
        (NUMBER, "/a", "/b"),
        (OTHER, "/c", "/sms"),
    ]


def test_webhooks_before_the_first_number_hold_for_all():
    assert numbers("--voice=/all", "--number", NUMBER, "--number", OTHER, "--sms=/b") == [
        (NUMBER, "/all", "/sms"),
        (OTHER, "/all", "/b"),
    ]


def test_numbers_in_one_option_share_their_webhooks():
    assert numbers("--number", f"{NUMBER},{OTHER}", "--voice=/a") == [(NUMBER, "/a", "/sms"), (OTHER, "/a", "/sms")]


def test_callers_names_are_sent_to_one_number_only():
    settings = settings_from(parse(["serve", "--number", NUMBER, "--number", OTHER, "--caller-names"]), ACCOUNT)
    assert [number.voice_caller_id_lookup for number in State(settings).numbers.values()] == [False, True]


def test_numbers_and_webhooks_come_from_the_file(file):
    file(f'voice = "/all"\n[number."{NUMBER}"]\nsms = "/b"\n[number."{OTHER}"]\nvoice = "/c"\nvoice-method = "GET"\n')
    assert numbers(TWILIO_PHONE_NUMBER="+441632960999") == [(NUMBER, "/all", "/b"), (OTHER, "/c", "/sms")]


@pytest.mark.parametrize("value", [f'"{NUMBER}"', f'["{NUMBER}"]'])
def test_number_in_the_file_may_be_plain(file, value):
    file(f"number = {value}")
    assert numbers() == [(NUMBER, "/voice", "/sms")]


def test_command_line_takes_precedence_over_the_file(file):
    file(f'pace = 0.5\nport = 9000\nvoice = "/file"\nverified = ["{OTHER}"]\nnumber = "{OTHER}"\ncaller-names = true\n')
    options = parse(["serve", "--port=9001", "--voice=/given", "--number", NUMBER, "--verified=+12025550124"])
    settings = settings_from(options, ACCOUNT)
    assert (settings.pace, settings.port, settings.voice, settings.caller_names) == (0.5, 9001, "/given", True)
    assert (settings.number, settings.more_numbers) == (NUMBER, ())
    assert settings.verified == (OTHER, "+12025550124")


def test_command_may_come_from_the_file(file):
    file('command = ["npm", "start"]\nlet-through = ["weather.example"]\n')
    assert parse(["run"]).command == ["npm", "start"]
    assert parse(["run", "--pace=0", "--", "flask", "run"]).command == ["flask", "run"]
    assert parse(["run", "flask", "run"]).command == ["flask", "run"]
    assert parse(["run"]).let_through == ["weather.example"]


def test_other_file_can_be_named(file, tmp_path):
    file("pace = 0.5")
    (tmp_path / "other.toml").write_text("pace = 0.25")
    assert parse(["serve", "--config", "other.toml"]).pace == 0.25
    assert parse(["run", "--", "echo", "--config", "other.toml"]).pace == 0.5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('voise = "/x"', "ringback.toml: unknown key 'voise': did you mean 'voice'?"),
        ('voice_method = "GET"', "did you mean 'voice-method'?"),
        ("zzzzzz = 1", "see ringback run --help for the options"),
        ('pace = "fast"', "pace must be a number, not 'fast'"),
        ("pace = true", "pace must be a number, not True"),
        ("port = 1.5", "port must be a whole number, not 1.5"),
        ("voice = 5", "voice must be a string, like"),
        ('caller-names = "yes"', "caller-names must be true or false, not 'yes'"),
        ('fault = "rest-drop"', "fault must be a list of strings"),
        ('command = "npm start"', "command must be a list of strings"),
        ('sms-method = "PUT"', 'sms-method must be "GET" or "POST", not \'PUT\''),
        ("number = 44", "number must be given as number = "),
        ("[[number]]", "number must be given as number = "),
        (
            f'[number."{NUMBER}"]\nport = 1',
            "'port' belongs above the first table, because it is not +441632960000's own",
        ),
        (f'[number."{NUMBER}"]\nvoise = 1', "did you mean 'voice'?"),
        ("pace =", "ringback.toml is not valid TOML: "),
        (
            f'number = "{NUMBER}"\nlink = ["Docs"]',
            "--link must have the form NAME=URL, like Docs=https://app.example/docs, not 'Docs'",
        ),
        ('number = "12"', "to a number like +441632960000, not '12'"),
    ],
)
def test_mistake_in_the_file_is_named_with_its_fix(file, content, message):
    file(content)
    with pytest.raises(UsageError) as error:
        settings_from(parse(["serve"]), ACCOUNT)
    assert message in str(error.value)


def test_named_file_that_does_not_exist_is_reported(capsys):
    assert main(["serve", "--config=no-such.toml"]) == 2
    assert capsys.readouterr().err == "ringback: no-such.toml cannot be read: No such file or directory\n"


def test_number_given_twice_is_reported():
    with pytest.raises(UsageError, match="--number is given twice with the same number"):
        numbers("--number", NUMBER, "--number", NUMBER)
