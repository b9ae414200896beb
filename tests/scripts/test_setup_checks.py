"""What the demo checks before anything is installed."""

import ast
import socket
import sys

import pytest

from scripts.setup import checks
from scripts.setup.checks import CannotStart, check_python, check_store_address, read_ports
from tests.support.ports import reserved_port
from tests.support.processes import ROOT


def test_ports_default_to_8000_and_8001(monkeypatch):
    monkeypatch.setattr(checks, "check_port", lambda *_: None)
    assert read_ports({"PORT": ""}) == ("8000", "8001")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PORT": "9000", "EXCHANGE_PORT": "9000"}, "PORT and EXCHANGE_PORT are both 9000, but must differ"),
        ({"PORT": "8001"}, "PORT and EXCHANGE_PORT are both 8001"),
        ({"PORT": "web"}, "PORT is 'web', but must be a number from 1 to 65535"),
        ({"PORT": "٣"}, "PORT is '٣', but must be a number"),
        ({"PORT": str(reserved_port()), "EXCHANGE_PORT": "65536"}, "EXCHANGE_PORT is '65536', but must be"),
    ],
)
def test_impossible_ports_are_explained(given, words):
    with pytest.raises(CannotStart) as error:
        read_ports(given)
    assert words in str(error.value)


def test_port_in_use_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is in use.* EXCHANGE_PORT=… make demo"):
            read_ports({"PORT": str(reserved_port()), "EXCHANGE_PORT": str(port)})


def test_unreachable_store_is_reported_without_its_password():
    with pytest.raises(CannotStart) as error:
        check_store_address({"REDIS_URL": f"redis://:a-password@127.0.0.1:{reserved_port()}/0"})
    assert "The store at REDIS_URL (127.0.0.1:" in str(error.value)
    assert "a-password" not in str(error.value)


def test_store_that_listens_is_accepted(store):
    check_store_address({"REDIS_URL": f"redis://127.0.0.1:{store.port}"})
    check_store_address({})


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 15, 0)])
def test_other_pythons_are_rejected_by_version(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "version", ".".join(map(str, version)))
    with pytest.raises(CannotStart, match=r"is Python 3\.1[05]\.\d, but Python 3\.11 to 3\.14 is required"):
        check_python()


@pytest.mark.parametrize("name", ["__init__", "setup/__init__", "setup/checks", "setup/install", "setup/pip_progress"])
def test_old_pythons_can_parse_what_rejects_them(name):
    ast.parse((ROOT / "scripts" / f"{name}.py").read_text(), feature_version=(3, 7))
