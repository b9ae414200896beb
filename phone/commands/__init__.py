"""The command table: what people can ask for, by text or by key. Every file here is read when the table is."""

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from workers.queues import Task


@dataclass(frozen=True)
class SlowAnswer:
    """An answer that a worker has to work out: the task, its words, and what to say meanwhile."""

    task: Task
    words: str
    interim_answer: str


Answer = str | SlowAnswer
CommandFunction = Callable[[str], Answer]
"""What a command is: it takes the words that came after its name and answers at once, or hands over to a worker."""


CommandFunctionT = TypeVar("CommandFunctionT", bound=CommandFunction)


class NeedsWords(Exception):
    """The command cannot do anything without words; the message asks for them.

    `choices` are what may be answered: on the phone the first nine have a key. `written_prompt` is the whole question
    for who cannot hear them.
    """

    def __init__(self, question: str, choices: tuple[str, ...] = (), written_prompt: str = "") -> None:
        super().__init__(question)
        self.choices, self.written_prompt = choices, written_prompt or question


@dataclass(frozen=True)
class Command:
    """One row of the table. `about` is the function's docstring, and stands in HELP and in the spoken menu."""

    name: str
    key: str
    about: str
    answer: CommandFunction
    takes: str = ""  # what the words are, if it wants any: "address"
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How it is texted: `check <address>`."""
        return f"{self.name} <{self.takes}>" if self.takes else self.name


COMMANDS: dict[str, Command] = {}


def command(
    name: str, key: str, takes: str = "", aliases: tuple[str, ...] = ()
) -> Callable[[CommandFunctionT], CommandFunctionT]:
    """Put a function in the table. Its docstring is its help line; its key is pressed in the spoken menu."""

    def register(ask: CommandFunctionT) -> CommandFunctionT:
        if any(row.key == key or name in (row.name, *row.aliases) for row in COMMANDS.values()):
            raise ValueError(f"two commands want the word {name} or the key {key}")
        COMMANDS[name] = Command(name, key, (ask.__doc__ or "").strip(), ask, takes, aliases)
        return ask

    return register


@functools.cache
def load_commands() -> dict[str, Command]:
    """The whole table, sorted by key."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(COMMANDS.items(), key=lambda row: row[1].key))


def find_by_key(key: str) -> Command | None:
    """The command behind this key, or None."""
    return next((row for row in load_commands().values() if row.key == key), None)


def find_by_words(words: str) -> tuple[Command, str] | None:
    """The command whose name comes first, and the words after it; None when nothing fits."""
    name, _, rest = words.strip().partition(" ")
    name = name.lower().rstrip("?.!,;:") or name
    for row in load_commands().values():
        if name in (row.name, *row.aliases):
            return row, rest.strip()
    return None


def find_by_speech(words: str) -> tuple[Command, str] | None:
    """The first command whose name was said anywhere: "the time, please" is the time."""
    spoken = re.findall(r"[\w'.:/-]+", words.lower())
    for at, word in enumerate(spoken):
        found = find_by_words(word.strip(".,!?"))
        if found:
            return found[0], " ".join(spoken[at + 1 :])
    return None
