"""What is wrong with a scene of the talk file: options that are commands or keywords, replies that are too long."""

from collections.abc import Collection, Iterator

from sending.opt_out_keywords import HELP_KEYWORDS, START_KEYWORDS, STOP_KEYWORDS
from sending.segments import count_segments
from show.base_scene import Scene
from show.text_matching import normalize

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
    for choice in scene.choices():
        if normalize(choice) in command_words and normalize(choice) not in HELP_KEYWORDS:
            yield f"option '{choice}' is a command; nobody could use the command during the scene. Choose another word"
    for reply in scene.sample_replies():
        if (segments := count_segments(reply)) > 1:
            yield f"the reply '{reply}' needs {segments} segments. Use fewer characters, and only those of GSM-7"


def _keyword_problems(text: str) -> Iterator[str]:
    for keywords, problem in KEYWORD_PROBLEMS:
        if normalize(text) in keywords:
            yield f"option '{text}' {problem}. Choose another word"
