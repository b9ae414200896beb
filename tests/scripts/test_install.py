"""`make demo` installs what is missing, and repairs what an interruption has left."""

import json
import sys

import pytest

from scripts.setup import install
from scripts.setup.checks import CannotStart
from scripts.setup.install import Installation

PIP_SCRIPT = "print('Collecting flask==3.1.3'); print('Installing collected packages: flask')"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder in which pip only pretends to install."""
    (tmp_path / "requirements-demo.txt").write_text("flask==3.1.3 \\\n    --hash=sha256:00\n")
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange" / "pyproject.toml").write_text("")
    venv = tmp_path / ".venv"
    names = {"ROOT": tmp_path, "VENV": venv, "PYTHON": venv / "bin" / "python", "EXCHANGE": tmp_path / "exchange"}
    names["CREATE_VENV"] = [*install.CREATE_VENV, "--without-pip"]
    names |= {"STATE_FILE": venv / "installed.json", "PIP": [sys.executable, "-c", PIP_SCRIPT]}
    for name, value in names.items():
        monkeypatch.setattr(install, name, value)
    return tmp_path


def run(is_python_chosen=False):
    Installation("demo").run(is_python_chosen)


def test_progress_of_an_installation_is_shown(checkout, capsys):
    run()
    shown = capsys.readouterr().out
    assert "creating .venv with Python 3." in shown
    assert "installing 1 package from requirements-demo.txt" in shown
    assert "unpacking" in shown
    assert (checkout / ".venv" / "bin" / "python").exists()


def test_complete_installation_is_left_alone(checkout, capsys):
    run()
    capsys.readouterr()
    run()
    assert capsys.readouterr().out == ""


def test_changed_requirements_are_installed_into_the_same_environment(checkout, capsys):
    run()
    (checkout / ".venv" / "kept").touch()
    (checkout / "requirements-demo.txt").write_text("flask==3.1.4\n")
    run()
    assert (checkout / ".venv" / "kept").exists()


@pytest.mark.parametrize("break_it", ["no state", "no python", "other python", "moved"])
def test_stale_or_incomplete_environment_is_made_again(checkout, capsys, break_it):
    run()
    (checkout / ".venv" / "old").touch()
    python, state = checkout / ".venv" / "bin" / "python", checkout / ".venv" / "installed.json"
    if break_it == "no state":
        state.unlink()
    elif break_it == "no python":
        python.unlink()
        python.symlink_to("/nonexistent/python3")
    else:
        change = {"root": "/elsewhere"} if break_it == "moved" else {"python": "3.9"}
        state.write_text(json.dumps(json.loads(state.read_text()) | change))
    run()
    assert "so it is made again" in capsys.readouterr().out
    assert not (checkout / ".venv" / "old").exists()
    run()
    assert capsys.readouterr().out == ""


def test_failed_installation_shows_the_end_of_its_output_and_is_repeated(checkout, monkeypatch):
    monkeypatch.setattr(install, "PIP", [sys.executable, "-c", "import sys; sys.exit('no matching distribution')"])
    with pytest.raises(CannotStart, match=r"no matching distribution\npip install .* failed \(exit status 1\)"):
        run()
    assert not (checkout / ".venv" / "installed.json").exists()


def test_environment_behind_a_link_is_never_changed(checkout, tmp_path):
    (tmp_path / "shared" / "bin").mkdir(parents=True)
    (tmp_path / "shared" / "bin" / "python").touch()
    (checkout / ".venv").symlink_to(tmp_path / "shared")
    run()
    assert [path.name for path in (tmp_path / "shared").iterdir()] == ["bin"]


def test_environment_is_made_again_only_for_a_python_that_was_chosen(checkout, monkeypatch, capsys):
    run()
    monkeypatch.setattr(install, "own_version", lambda: "3.99")
    run()
    assert "made again" not in capsys.readouterr().out
    run(is_python_chosen=True)
    assert "made again" in capsys.readouterr().out
