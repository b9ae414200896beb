"""`flask raffle verify`: anyone recomputes the draw."""

import json
import os
import subprocess
import sys

import pytest

from show import raffle_receipt
from tests.support.processes import ROOT


@pytest.fixture
def drawn():
    return raffle_receipt.draw(raffle_receipt.new_seed(), ["Amber Otter", "Blue Finch", "Tin Badger"]).as_dict()


@pytest.fixture
def verify(app, tmp_path):
    def run(content, *options):
        path = tmp_path / "receipt.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return app.test_cli_runner().invoke(args=["raffle", "verify", str(path), *options])

    return run


def test_receipt_is_valid(verify, drawn):
    result = verify(drawn)
    assert result.exit_code == 0
    assert f"{drawn['winner']} won among 3." in result.stdout and drawn["commitment"] in result.stdout
    assert verify(drawn, "--commitment", drawn["commitment"]).exit_code == 0


def test_tampered_receipt_is_refused(verify, drawn):
    drawn["entries"].append("Zinc Walrus")
    result = verify(drawn)
    assert result.exit_code == 1 and "The entries are not those of the draw" in result.stderr


def test_receipt_of_another_commitment_is_refused(verify, drawn):
    assert verify(drawn, "--commitment", "0" * 64).exit_code == 1


@pytest.mark.parametrize("arguments", [["talk", "check"], ["raffle", "verify"]])
def test_neither_settings_nor_a_store_are_needed(arguments, tmp_path, drawn):
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(drawn))
    files = [str(path)] if arguments[0] == "raffle" else []
    environ = {"PATH": os.environ["PATH"], "DEMO_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "scripts.flask", *arguments, *files]
    found = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "null", '{"seed": "\\ud83d"}'])
def test_other_files_are_refused(verify, content):
    result = verify(content)
    assert result.exit_code == 1 and "The receipt is not valid." in result.stderr
