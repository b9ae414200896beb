"""Ways of writing and saying the commands: each leads to the right command, and to no address that nobody named."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from phone.commands.follow import match_topic, parse_topic
from phone.recognition.command_recognition import clean_speech, find_by_speech, find_by_words
from phone.recognition.web_addresses import find_address

TABLE = Path(__file__).with_name("ways_to_write_commands.txt")


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Channel, command, argument and the text, without escapes."""
    heading: list[str] = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = [*line.split(" ")[1:], ""][:3]
        elif line and not line.startswith("# "):
            written = codecs.decode(line.encode("latin-1", "backslashreplace"), "unicode-escape")
            yield heading[0], heading[1], heading[2], written


def understood(channel: str, written: str) -> tuple[str, str]:
    """The command that the app finds, and its web address or topic."""
    found = (find_by_speech if channel == "speech" else find_by_words)(written)
    if found is None:
        return "-", "-"
    command, words = found
    if command.name in ("check", "webhook"):
        return command.name, find_address(words).lower()
    return command.name, match_topic(parse_topic(words)) if "follow" in command.name else ""


def test_table_has_at_least_300_ways():
    assert len({(channel, written) for channel, _, _, written in rows()}) >= 300


def test_command_is_recognized_however_it_is_written():
    assert [
        f"{channel} {written!r} is understood as {found}, not as {command} {argument}"
        for channel, command, argument, written in rows()
        if (found := understood(channel, written)) != (command, argument.lower())
    ] == []


SPACES = st.text("".join(" \t\n\r\f\v\x85\xa0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000\u200b"), min_size=1)
AROUND = st.text("".join(" \n\u200e\u200f\u202a\u202c\u2066\ufeff\u2060\"'“”‘’«»()[]{}<>*_~.,:;!…¡·•🔔😀❤️👍🏽"))


@given(SPACES, AROUND, AROUND)
def test_any_white_space_and_punctuation_may_surround_a_command(space, before, after):
    assert understood("text", f"{before}check{space}example.com{after}") == ("check", "example.com")


@given(st.text())
def test_no_text_makes_the_recognition_fail(written):
    for channel in ("text", "speech"):
        understood(channel, written)
    clean_speech(written)


@given(st.text("abc .:/dot\n", max_size=60))
def test_address_contains_only_what_was_written(written):
    address = find_address(written)
    assert set(address) <= set(written) | {"."}
