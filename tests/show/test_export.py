"""The export: what the audience has contributed, as CSV and JSON."""

import csv
import io

import pytest

from show.privacy import export
from show.privacy.export import Row
from tests.support.person import ME, PUBLIC_URL
from tests.support.presenter import Presenter


@pytest.fixture
def presenter(app, settings):
    somebody = Presenter(app, base_url=PUBLIC_URL)
    somebody.tries(settings.presenter_password)
    return somebody


def test_export_has_names_and_answers_but_no_numbers(presenter, person, go, redis):
    go("tabs")
    person.texts("tabs")
    go("wall")
    person.texts("hello from the back row")
    found = presenter.get("/present/export.json").json["contributions"]
    assert [(row["scene"], row["words"], row["state"]) for row in found] == [
        ("tabs", "tabs", ""),
        ("wall", "hello from the back row", "pending"),
    ]
    assert found[0]["name"] == found[1]["name"] != ""
    assert ME[1:] not in presenter.get("/present/export.csv").text


def test_word_is_exported_for_everybody_who_sent_it(presenter, people, go):
    go("words")
    for person, word in zip(people(3), ("calm", "Calm!", "loud"), strict=True):
        person.texts(word)
    found = presenter.get("/present/export.json").json["contributions"]
    assert sorted((row["words"], row["state"]) for row in found) == [("calm", "pending")] * 2 + [("loud", "pending")]
    assert len({row["name"] for row in found}) == 3


def test_numbers_are_included_on_request_and_the_audit_log_says_so(presenter, person, go):
    go("tabs")
    person.texts("tabs")
    assert f"'{ME}" in presenter.get("/present/export.csv?numbers=yes").text
    assert "with numbers" in presenter.get("/present/audit").text


def test_export_needs_a_session(visitor):
    assert visitor.get("/present/export.csv").status_code == 303


def test_unknown_format_is_explained(presenter):
    assert presenter.get("/present/export.xlsx").status_code == 404


@pytest.mark.parametrize(
    "words", ["=HYPERLINK(1)", "+44", "-1", "@SUM(A1)", "  =1+1", "\t=1", "\r\n@x", "|cmd", "%0A=1", "\u00a0=1"]
)
def test_no_cell_starts_like_a_formula(words):
    rows = list(csv.reader(io.StringIO(export.as_csv([Row("wall", "wall", words, words, number=ME)], True))))
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(export.FORMULA_STARTS)]


def test_hostile_words_survive_csv_unchanged(presenter, person, go):
    go("wall")
    person.texts('a "quoted", <b>text</b>; with 😀')
    rows = list(csv.DictReader(io.StringIO(presenter.get("/present/export.csv").text)))
    assert rows[0]["words"] == 'a "quoted", <b>text</b>; with 😀'


def test_command_line_export(app, person, go):
    go("tabs")
    person.texts("tabs")
    found = app.test_cli_runner().invoke(args=["show", "export", "--format", "json"])
    assert found.exit_code == 0
    assert '"words": "tabs"' in found.output
