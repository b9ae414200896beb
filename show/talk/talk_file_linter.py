"""The talk file's linter: finds options that would go wrong on the day, and says how to fix them."""

from collections.abc import Callable, Collection, Iterator
from itertools import combinations

from sending.opt_outs import HELP_KEYWORDS, START_KEYWORDS, STOP_KEYWORDS
from sending.segments import count_segments
from show.base_scene import Scene
from show.text_matching import SPOKEN_NUMBERS, normalize, skeleton

KEYWORD_PROBLEMS = (
    (STOP_KEYWORDS, "is an opt-out keyword; voters would be unsubscribed"),
    (START_KEYWORDS, "is an opt-in keyword; voters would get Twilio's reply instead of ours"),
    (HELP_KEYWORDS, "is a keyword that carriers answer themselves; voters would get no reply of ours"),
)


def find_problems(scene: Scene, command_words: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the scene, each with its fix. `command_words` are the names and aliases of commands."""
    yield from scene.problems()
    for text in scene.invited_texts():
        yield from _keyword_problems(text)
    for key, choice in enumerate(scene.choices(), 1):
        yield from _choice_problems(choice, key, command_words)
    for one, other in combinations(scene.choices(), 2):
        if problem := next((words for words, is_same in SAME if is_same(one, other)), ""):
            yield f"options '{one}' and '{other}' {problem}. Choose words that differ more"
    for reply in scene.sample_replies():
        if (segments := count_segments(reply)) > 1:
            yield f"the reply '{reply}' needs {segments} segments. Use fewer characters, and only those of GSM-7"


def _keyword_problems(text: str) -> Iterator[str]:
    for keywords, problem in KEYWORD_PROBLEMS:
        if normalize(text) in keywords:
            yield f"option '{text}' {problem}. Choose another word"


def _choice_problems(choice: str, key: int, command_words: Collection[str]) -> Iterator[str]:
    words = normalize(choice)
    number = SPOKEN_NUMBERS.get(words, words)
    if not words:
        yield f"option '{choice}' has no letters, so nobody can say it. Add a word"
    elif number.isdecimal() and number != str(key):
        yield f"option '{choice}' is a number, but its key is {key}. Use a word, or put it in the place of its number"
    elif words in command_words and words not in HELP_KEYWORDS:
        yield f"option '{choice}' is a command; nobody could use the command during the scene. Choose another word"


def _is_prefix(one: str, other: str) -> bool:
    short, long = sorted((normalize(one), normalize(other)), key=len)
    return bool(short) and long.startswith(short)


# How two options can be mistaken for each other, the most specific first.
SAME: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    ("differ only in case, accents or punctuation", lambda one, other: normalize(one) == normalize(other)),
    (
        "are the same number",
        lambda one, other: SPOKEN_NUMBERS.get(normalize(one), one) == SPOKEN_NUMBERS.get(normalize(other), other),
    ),
    ("look alike", lambda one, other: skeleton(one) == skeleton(other)),
    ("begin alike: one is the beginning of the other", _is_prefix),
)
