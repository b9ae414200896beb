"""Finds the command in what somebody wrote or said, whatever surrounds it."""

import difflib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice

from phone.commands import Command, load_commands
from phone.recognition.filler_words import FILLERS, WORD, normalize_word, strip_courtesies
from phone.recognition.text_normalization import to_plain_text
from phone.recognition.web_addresses import NOT_IN_NAME, find_address

SIMILARITY = 0.75  # the minimum for a misspelled command, as difflib measures it
MIN_MISSPELLED_CHARS = 4  # "Tim" is a name, not a misspelled `time`
MAX_WORDS_AFTER_MISSPELLING = 3
MAX_WORDS_READ = 60
CACHED_TEXTS = 256  # many people text the same few words
QUESTION_MARKS = frozenset("?¿❓❔؟")
DOT_IN_WORD = re.compile(r"(?<=\w)\.(?=\w)")
DEFAULT = "help"  # chosen only if no other command is named: "hello, can you help me check example.com"

Found = tuple[Command, str]
"""A command and its argument."""


@lru_cache(CACHED_TEXTS)
def find_by_words(words: str) -> Found | None:
    """Return the command at the start of a text, after any greeting or courtesy; None if there is none."""
    return _find(to_plain_text(words), is_speech=False)


def find_by_speech(words: str) -> Found | None:
    """Return the first command named anywhere in the words: "the time, please" is `time`."""
    found = _find(to_plain_text(words), is_speech=True)
    return (found[0], clean_speech(found[1])) if found else None


@lru_cache(CACHED_TEXTS)
def is_plain_command(words: str) -> bool:
    """Whether the words are a command exactly as HELP lists it, and therefore not free text for a scene.

    "time" is one, as is "check example.com". "hello", "time flies" and "How do webhooks work?" are not.
    """
    text = to_plain_text(words)
    name, _, argument = text.strip().partition(" ")
    command = load_commands().get(normalize_word(name.rstrip(".!?")))
    if command is None or not argument.strip():
        return command is not None
    return bool(find_address(argument)) if "address" in command.argument else bool(command.argument)


def describe_words(words: str, *, is_speech: bool = False) -> dict[str, str | int | bool]:
    """Return what the stage may show of these words before the presenter has approved them.

    `command` is the name of the command in them, or ""; `has_free_text` says whether they contain anything else, which
    a reply may repeat; `length` is in characters.
    """
    found = find_by_speech(words) if is_speech else find_by_words(words)
    has_free_text = found is None or bool(found[1])
    return {"command": found[0].name if found else "", "has_free_text": has_free_text, "length": len(words)}


def clean_speech(words: str) -> str:
    """Return a spoken argument without courtesies, with full stops as people say them: example dot com."""
    return DOT_IN_WORD.sub(" dot ", strip_courtesies(to_plain_text(words).replace("\n", " ")))


def _find(text: str, *, is_speech: bool) -> Found | None:
    found = list(_named_commands(text, is_speech=is_speech))
    meant = next((each for each in found if each[0].name != DEFAULT), None)
    return meant or _find_misspelled(text) or next(iter(found), None) or _find_question_mark(text)


def _named_commands(text: str, *, is_speech: bool) -> Iterator[Found]:
    """Yield the commands named in the text. In writing, only fillers and calls for help may precede a command."""
    words = list(islice(WORD.finditer(text), MAX_WORDS_READ))
    names = [normalize_word(word[0]) for word in words]
    for index, name in enumerate(names):
        command, length = _command_at(names, index)
        argument = _argument(text[words[index + length - 1].end() :]) if command else ""
        is_default = command is not None and command.name == DEFAULT
        if command and (name not in FILLERS or length > 1 or is_default or find_address(argument)):
            yield command, argument
        if not (is_speech or name in FILLERS or is_default):
            return


def _command_at(names: list[str], index: int) -> tuple[Command | None, int]:
    """Return the command whose name or alias starts at this word, and its length in words."""
    for phrase, command in _phrases().items():
        if names[index : index + len(phrase)] == list(phrase):
            return command, len(phrase)
    return None, 1


@cache
def _phrases() -> dict[tuple[str, ...], Command]:
    """All names and aliases as tuples of words, longest first."""
    rows = {tuple(name.split()): row for row in load_commands().values() for name in (row.name, *row.aliases)}
    return dict(sorted(rows.items(), key=lambda row: -len(row[0])))


def _argument(text: str) -> str:
    """Return the first meaningful line, without courtesies; the lines below may be a name or a signature."""
    lines = [line for line in text.split("\n") if any(map(str.isalnum, line))]
    telling = (line for line in lines if any(normalize_word(word) not in NOT_IN_NAME for word in WORD.findall(line)))
    return strip_courtesies(next(telling, ""))


def _find_misspelled(text: str) -> Found | None:
    """Return the command that the first meaningful word resembles, if there are few other words."""
    telling = [word for word in WORD.finditer(text) if normalize_word(word[0]) not in FILLERS]
    if not telling or len(telling[0][0]) < MIN_MISSPELLED_CHARS:
        return None
    similar = difflib.get_close_matches(normalize_word(telling[0][0]), load_commands(), 1, SIMILARITY)
    command = load_commands()[similar[0]] if similar else None
    if command is None or (not command.argument and len(telling) > 1):
        return None
    argument = _argument(text[telling[0].end() :])
    return (command, argument) if len(argument.split()) <= MAX_WORDS_AFTER_MISSPELLING else None


def _find_question_mark(text: str) -> Found | None:
    has_question_mark = bool(QUESTION_MARKS & set(text)) and not WORD.search(text)
    return (load_commands()[DEFAULT], "") if has_question_mark else None
