"""The registry of TwiML: its verbs with the functions that run them, and the nouns within verbs.

Each module of this package registers what it runs; the grammar and the coverage table are derived from here."""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome

Verb = Callable[[Any, Element], Awaitable[Outcome]]
"""Runs one element on a Session. None: go on with the next; a Fetch, Inline or End: that instead of the rest."""

VOICE, MESSAGING = "voice", "sms"


@dataclass(frozen=True)
class TwimlElement:
    """What TwiML allows in one element, and how it is run. Names are separated by spaces."""

    name: str
    attributes: str = ""
    children: str = ""
    without_effect: str = ""  # attributes that are taken without a warning and change nothing here
    channels: tuple[str, ...] = (VOICE,)
    checked: bool = True  # False: any attribute and child is taken without a warning
    supported: bool = True
    in_coverage: bool = True
    run: Verb | None = None  # None for a noun: its verb runs it

    @cached_property
    def attribute_names(self) -> frozenset[str]:
        return frozenset(self.attributes.split())

    @cached_property
    def child_names(self) -> frozenset[str]:
        return frozenset(self.children.split())


_entries: dict[str, TwimlElement] = {}


def verb(name: str, **allowed: Any) -> Callable[[Verb], Verb]:
    """Register the function that runs a verb; `allowed` are further fields of its Entry."""

    def register(run: Verb) -> Verb:
        _entries[name] = TwimlElement(name, run=run, **allowed)
        return run

    return register


def noun(name: str, **allowed: Any) -> None:
    """Register an element that stands within a verb."""
    _entries[name] = TwimlElement(name, **allowed)


@cache
def elements() -> dict[str, TwimlElement]:
    """Everything that the modules of this package register, by name."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    return dict(sorted(_entries.items()))


@cache
def verbs() -> dict[str, Verb]:
    """The functions that run verbs, by name."""
    return {name: entry.run for name, entry in elements().items() if entry.run}
