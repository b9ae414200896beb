"""A finding of a check, and the registry of checks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config import Settings
from show.talk_file import Talk
from store import Store

OK, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True)
class Finding:
    """The result of one check. `fix` says what to do; "" if all is well. `status` is ok, warn or bad."""

    status: str
    subject: str
    message: str
    fix: str = ""


@dataclass(frozen=True)
class Subject:
    """What is checked. `people` is the size of the audience."""

    settings: Settings
    store: Store
    talk: Talk
    people: int = 200


CheckFunction = Callable[[Subject], Iterator[Finding]]
CHECKS: list[CheckFunction] = []


def check(function: CheckFunction) -> CheckFunction:
    """Register a check. The check must not raise; if it cannot be performed, it yields a Finding that says so."""
    CHECKS.append(function)
    return function
