"""`make send` sends a signed sample webhook of any provider to a running app."""

from pathlib import Path

import pytest

import config
from receiving import providers
from scripts import send as tool
from tests.support.providers import heard, open_app, with_secrets
from tests.support.wsgi_server import serving


@pytest.fixture
def running(environ, redis):
    """The app on a real socket; what its environment is."""
    with serving(lambda origin: open_app(with_secrets(environ) | {"PUBLIC_URL": origin}, redis)) as origin:
        yield {"PORT": origin.rpartition(":")[2], **with_secrets({})}


@pytest.mark.parametrize("name", providers.load())
def test_sample_of_each_provider_is_accepted(name, running, redis, capsys):
    assert tool.main([name], running) == 0
    assert heard(redis)[0]["provider"] == name
    assert heard(redis)[0]["summary"] in capsys.readouterr().out


def test_demo_at_another_port_is_found(running, redis, tmp_path, monkeypatch):
    (tmp_path / "environment").write_text(f"PUBLIC_URL=http://127.0.0.1:{running['PORT']}\n")
    monkeypatch.setattr(tool, "RUNNING_ENV_FILE", tmp_path / "environment")
    assert tool.main(["github"], {name: value for name, value in running.items() if name != "PORT"}) == 0
    assert heard(redis)[0]["provider"] == "github"


def test_event_can_be_chosen(running, redis):
    assert tool.main(["stripe", "invoice.paid"], running) == 0
    assert heard(redis)[0]["event"] == "invoice.paid"


def test_two_samples_are_two_events(running, redis):
    tool.main(["github", "push"], running)
    tool.main(["github", "push"], running)
    assert len(heard(redis)) == 2


def test_wrong_secret_is_reported(running, capsys):
    assert tool.main(["stripe"], {**running, "STRIPE_WEBHOOK_SECRET": "whsec_another"}) == 1
    assert "is not valid" in capsys.readouterr().err


def test_unknown_event_lists_the_known_ones(running, capsys):
    assert tool.main(["github", "earthquake"], running) == 2
    assert "pull_request" in capsys.readouterr().err


def test_missing_secret_names_the_setting(running, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "DEMO_ENV_FILE", tmp_path / "empty")
    (tmp_path / "empty").write_text("")
    assert tool.main(["stripe"], {"PORT": running["PORT"]}) == 2
    assert "Set STRIPE_WEBHOOK_SECRET" in capsys.readouterr().err


def test_missing_app_says_how_to_start_one(capsys):
    from tests.support.ports import reserved_port

    assert tool.main(["stripe"], {"PORT": str(reserved_port()), "STRIPE_WEBHOOK_SECRET": "whsec_a"}) == 1
    assert "make demo" in capsys.readouterr().err


def test_secrets_of_the_demo_are_valid():
    from scripts.demo import read_env

    given = read_env(Path(tool.DEMO_ENV_FILE))
    for name, held in config.load({**given, "REDIS_URL": "redis://127.0.0.1"}).webhook_secrets.items():
        providers.load()[name].check_setting(held)
