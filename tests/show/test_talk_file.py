"""The talk file: reader and linter."""

import contextlib
import tomllib
from unicodedata import combining

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app import create_app
from phone.commands import command_words
from show import talk_file
from show.scenes import load_kinds
from show.talk_file import TalkError
from show.text_matching import normalize, skeleton

POLL = {"kind": "poll", "question": "Tabs or spaces?", "options": ["tabs", "spaces"]}


def problems(*scenes, **options):
    return talk_file.parse({"scene": list(scenes), **options}, command_words())[1]


def poll(*options, **more):
    return POLL | {"options": list(options), **more}


def test_the_talk_of_this_repository_has_no_errors():
    assert len(talk_file.load(command_words=command_words()).scenes) > 5


def test_error_names_the_scene_and_the_fix():
    number = {"kind": "number"}
    assert problems(number, number, number, poll("go", "stop")) == [
        "scene 4, poll: option 'stop' is an opt-out keyword; voters would be unsubscribed. Choose another word"
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("go", "STOP!"), "opt-out keyword"),
        (("yes", "later"), "opt-in keyword"),
        (("info", "later"), "carriers answer"),
        (("flip", "later"), "is a command"),
        (("coin", "later"), "is a command"),
        (("tabs", "TABS"), "differ only in case"),
        (("cafe", "Café"), "differ only in case"),
        (("java", "javascript"), "one is the beginning of the other"),
        (("red", "1"), "'1' is a number, but its key is 2"),
        (("red", "one"), "is a number"),
        (("3", "three"), "are the same number"),
        (("log", "1og"), "look alike"),
        (("modern", "modem"), "look alike"),
        (("сор", "cop"), "look alike"),
        (("🎉", "later"), "no letters"),
        (("red",), "1 options"),
        (tuple("abcdefghij"), "10 options"),
        (("x" * 25, "later"), "too long for the screen"),
        (("שלום לכולם", "later"), "needs 2 segments"),
    ],
)
def test_options_that_would_go_wrong_are_refused(options, words):
    assert any(words in problem for problem in problems(poll(*options)))
    assert all(problem.startswith("scene 1, poll: ") for problem in problems(poll(*options)))


def test_options_may_be_the_numbers_of_their_keys():
    assert problems(poll("1", "2", "three")) == []


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (POLL | {"question": "x" * 61}, "readable from the back row"),
        ({"kind": "words"}, "readable from the back row"),
        ({"kind": "number", "example": "stop"}, "opt-out keyword"),
        ({"kind": "line", "presenter_phone": "07700 900299"}, "presenter_phone must be in E.164 format"),
        ({"kind": "line", "presenter_phone": "+44 7700 900299"}, "without spaces"),
        ({"kind": "thanks", "keep_numbers_days": 5}, "set keep_numbers_days above the first [[scene]]"),
        ({"kind": "poem"}, "kind is 'poem': use one of "),
        ({"kind": ["poll"]}, "use one of "),
        (POLL | {"colour": "red"}, "unknown option 'colour'"),
        (POLL | {"options": "tabs"}, "options must be a list of texts"),
        (POLL | {"results": "never"}, "use hidden or live"),
        ({"kind": "wall", "moderation": "never"}, "use approve or open"),
        ("poll", "use one of "),
        (POLL | {"id": "a/b"}, "letters, digits and hyphens"),
        (POLL | {"id": ""}, "letters, digits and hyphens"),
    ],
)
def test_scene_with_a_mistake_is_refused(scene, words):
    assert any(words in problem for problem in problems(scene))


@pytest.mark.parametrize(("length", "is_right"), [(0, False), (1, True), (100, True), (101, False)])
def test_title_must_leave_room_for_the_number(length, is_right):
    assert (problems({"kind": "number"}, title="x" * length) == []) is is_right


def test_rules_of_the_talk_are_those_of_its_scenes():
    wall = {"kind": "wall"}
    found, _ = talk_file.parse(
        {"moderation": "open", "votes": "first", "scene": [wall, POLL, wall | {"moderation": "approve"}]}
    )
    assert [found.scenes[0].moderation, found.scenes[1].votes, found.scenes[2].moderation] == [
        "open",
        "first",
        "approve",
    ]


@pytest.mark.parametrize("content", ["", "title = 3", "scene = 3", "[[scene]]", "[scene]", "x", "scene = [3]", "\0"])
def test_unusable_file_is_refused_by_name(content, tmp_path, settings, redis):
    path = tmp_path / "other.toml"
    path.write_text(content)
    with pytest.raises(TalkError, match=r"other\.toml"):
        create_app(type(settings)(**{**vars(settings), "talk": str(path)}), redis)


def test_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(TalkError, match=r"none\.toml.*Set TALK"):
        talk_file.load(tmp_path / "none.toml")


def test_check_prints_all_errors(app, tmp_path):
    path = tmp_path / "other.toml"
    path.write_text('[[scene]]\nkind = "poll"\nquestion = "?"\noptions = ["stop", "flip"]\n')
    result = app.test_cli_runner().invoke(args=["talk", "check", str(path)])
    assert result.exit_code == 1
    assert result.stderr.count("scene 1, poll: ") == 2


def test_check_of_the_selected_file(app):
    result = app.test_cli_runner().invoke(args=["talk", "check"])
    assert result.exit_code == 0 and "no errors" in result.stdout


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
known = st.sampled_from(["id", "note", "question", "options", "results", "votes", "moderation", "example", "thanks"])
scenes = st.dictionaries(known | st.text(max_size=10), values | st.lists(st.text(max_size=30), max_size=12), max_size=6)
scenes_of_a_kind = st.builds(lambda scene, kind: {**scene, "kind": kind}, scenes, st.sampled_from(list(load_kinds())))


@given(st.dictionaries(st.text(max_size=12), values, max_size=4), st.lists(scenes_of_a_kind | values, max_size=4))
def test_any_content_is_read_or_explained(options, tables):
    found, problems = talk_file.parse({**options, "scene": tables}, command_words())
    assert all(isinstance(problem, str) and problem for problem in problems)
    if not problems:
        assert len({scene.id for scene in found.scenes}) == len(tables)


@given(st.text(max_size=300))
def test_any_text_is_a_talk_or_a_talk_error(content):
    with contextlib.suppress(tomllib.TOMLDecodeError):
        talk_file.parse(tomllib.loads(content))


@given(st.text(max_size=60))
@example("İ")
@example("ß̈")
@example("ﬁ 1️⃣")
def test_normalized_words_stay_as_they_are_and_have_no_marks(words):
    once = normalize(words)
    assert normalize(once) == once
    assert not any(map(combining, once)) and once == once.strip()
    assert skeleton(words) == skeleton(once)


@given(st.text(max_size=30))
def test_case_and_punctuation_make_no_difference(words):
    assert normalize(f"  {words}! ") == normalize(words)
    assert normalize(words.upper()) in (normalize(words), normalize(words.upper().lower()))
