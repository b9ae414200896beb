"""README.md and the other documents agree with the code."""

import importlib
import inspect
import os
import re
import subprocess
import sys
from dataclasses import fields

import pytest

import config
from bench.__main__ import SECTIONS
from scripts import docs, tour
from scripts.setup.checks import NEWEST_PYTHON, OLDEST_PYTHON
from show.scenes import load_kinds
from show.talk_file import Talk
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS

README = (ROOT / "README.md").read_text()


def table(heading):
    """The rows of the first table after this heading, as lists of cells."""
    part = re.split(rf"^##+ {heading}$", README, maxsplit=1, flags=re.MULTILINE)[1]
    rows = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE).group().splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_make_targets_in_documents_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", README)) - {"sure"}
    assert named <= targets


def test_webhook_addresses_in_readme_exist(app):
    addresses = {row[1].strip("`").partition("#")[0] for row in table("The number's webhooks")}
    assert addresses <= {rule.rule for rule in app.url_map.iter_rules()}


def test_linked_files_exist():
    for paper in ROOT.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", paper.read_text()):
            assert (ROOT / link).exists(), f"{paper.name} links to {link}"


def test_heroku_button_asks_for_every_required_setting():
    import json

    asked = set(json.loads((ROOT / "app.json").read_text())["env"])
    must = {row.name.upper() for row in fields(config.Settings) if row.metadata.get("default", "") is None}
    assert must - {"REDIS_URL"} <= asked


def test_heroku_runs_a_python_that_the_demo_accepts():
    version = tuple(map(int, (ROOT / ".python-version").read_text().strip().split(".")))
    assert OLDEST_PYTHON <= version <= NEWEST_PYTHON


def test_make_finds_its_python_whatever_the_python_version_file_names(tmp_path):
    # pyenv's python3 fails here, because it reads the file in the current folder.
    (tmp_path / "python3").write_text('#!/bin/sh\n[ "$PWD" = / ] || exit 127\nexec ' + sys.executable + ' "$@"\n')
    (tmp_path / "python3").chmod(0o755)
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["make", "--silent", "tour"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert "lines (at most" in done.stdout, done.stderr


def test_demo_sets_every_required_setting():
    from scripts.demo import read_env

    must = {row.name.upper() for row in fields(config.Settings) if row.metadata.get("default", "") is None}
    assert must - {"REDIS_URL"} <= set(read_env(ROOT / ".env.demo"))


@pytest.mark.parametrize("name", ["requirements", "requirements-demo", "requirements-dev"])
def test_every_dependency_is_locked_with_hashes(name):
    wanted = [line for line in (ROOT / f"{name}.in").read_text().splitlines() if line and line[0] not in "#-"]
    locked = (ROOT / f"{name}.txt").read_text().replace(" \\\n", "")
    rows = [line for line in locked.splitlines() if line and not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+==[\w.]+( ; [^;]+)?    --hash=sha256:[0-9a-f]{64}", row) for row in rows)
    for line in wanted:
        assert any(row.startswith(f"{line} ") for row in rows), f"{line} is not in {name}.txt: run make lock"


def test_licence_of_ringback_is_the_repositorys():
    assert (ROOT / "exchange/LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_procfile_starts_existing_programs():
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert set(lines) == {"web", "worker", "release"}
    assert (ROOT / "workers" / "engine" / "supervisor.py").exists()
    assert (ROOT / "scripts/release.py").exists()


@pytest.mark.parametrize("name", SECTIONS)
def test_every_bench_section_runs_without_arguments(name):
    main = importlib.import_module(f"bench.{name}").main
    inspect.signature(main).bind()
    assert not inspect.iscoroutinefunction(main)


@pytest.mark.parametrize(("document", "name"), docs.GENERATED)
def test_generated_parts_of_documents_are_current(document, name):
    assert docs.written(document, name) == docs.GENERATED[document, name](), "run: make docs"


def test_tour_is_short_enough():
    assert tour.total() <= tour.MAX_LINES


def test_every_kind_of_scene_and_its_options_are_documented():
    paper = (ROOT / "docs" / "talk-file.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z]+)` \| (.*?) \|", paper, re.MULTILINE))
    for name, kind in load_kinds().items():
        own = {field.name for field in fields(kind)} - {"id", "note", "moderation", "votes", "keep_numbers_days"}
        assert own <= set(re.findall(r"`(\w+)`", rows[name])), f"the options of {name} are not in docs/talk-file.md"
    for field in fields(Talk):
        assert f"`{field.name}`" in paper or field.name == "scenes"
