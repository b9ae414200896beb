"""The commands that people can text or select by keypress. Each module in this package registers its own."""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from workers.queues import Task


@dataclass(frozen=True)
class SlowAnswer:
    """An answer that a worker computes: `task` is called with `words`; `interim_answer` is sent at once."""

    task: Task
    words: str
    interim_answer: str


Answer = str | SlowAnswer
CommandFunction = Callable[[str], Answer]
"""Takes the words after the command's name; returns the answer, or a SlowAnswer if a worker must compute it."""


CommandFunctionT = TypeVar("CommandFunctionT", bound=CommandFunction)


class NeedsWords(Exception):
    """The command needs an argument; the message asks for it.

    `choices` are the possible arguments: in a call, keys select the first nine. In a text, `written_prompt` replaces
    the message, because the choices are not spoken.
    """

    def __init__(self, question: str, choices: tuple[str, ...] = (), written_prompt: str = "") -> None:
        super().__init__(question)
        self.choices, self.written_prompt = choices, written_prompt or question


@dataclass(frozen=True)
class Command:
    """A registered command. `help_text` is the function's docstring, used in HELP and in the spoken menu."""

    name: str
    key: str  # "" if callers can only say the name
    help_text: str
    run: CommandFunction
    argument: str = ""  # the argument's name in HELP, such as "address"; "" if there is no argument
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """The text to send, such as `check <address>`."""
        return f"{self.name} <{self.argument}>" if self.argument else self.name

    @property
    def is_slow(self) -> bool:
        """Whether the function's annotations say that it may return a SlowAnswer."""
        return self.run.__annotations__.get("return") is not str


COMMANDS: dict[str, Command] = {}
KEYS = frozenset("012345678")  # 9 records a message, star repeats the menu, and hash ends the call


def command(
    name: str, key: str = "", argument: str = "", aliases: tuple[str, ...] = ()
) -> Callable[[CommandFunctionT], CommandFunctionT]:
    """Register a command. Callers say its name if it has no `key`. Raises ValueError if a name or key is taken."""

    def register(function: CommandFunctionT) -> CommandFunctionT:
        if taken := {name, *aliases} & {other for row in COMMANDS.values() for other in (row.name, *row.aliases)}:
            raise ValueError(f"Another command is already called {min(taken)}.")
        free = "".join(sorted(KEYS - {row.key for row in COMMANDS.values()}))
        if key and key not in tuple(free):
            raise ValueError(f"The key {key} is not free. Free keys: {free or 'none'}. A command needs no key.")
        COMMANDS[name] = Command(name, key, (function.__doc__ or "").strip(), function, argument, aliases)
        return function

    return register


@functools.cache
def load_commands() -> dict[str, Command]:
    """All commands by name, sorted by key; those without a key come last. Imports every module in this package."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(COMMANDS.items(), key=lambda row: (not row[1].key, row[1].key, row[0])))


def command_words() -> frozenset[str]:
    """The names and aliases of all commands."""
    return frozenset(name for row in load_commands().values() for name in (row.name, *row.aliases))


def find_by_key(key: str) -> Command | None:
    """The command with this key, or None."""
    return next((row for row in load_commands().values() if row.key and row.key == key), None)
