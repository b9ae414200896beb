"""The registry of TwiML elements: verbs with the functions that run them, and nouns.

Each module in this package registers its elements. The grammar and the coverage table are derived from them."""

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
"""Runs one element on a VoiceSession. Returns None to run the next verb, or the step that replaces later verbs."""

VOICE, MESSAGING = "voice", "sms"


@dataclass(frozen=True)
class TwimlElement:
    """One element: its allowed attributes and children, as space-separated names, and the function that runs it."""

    name: str
    attributes: str = ""
    children: str = ""
    without_effect: str = ""  # attributes that are accepted and ignored
    channels: tuple[str, ...] = (VOICE,)
    checked: bool = True  # False accepts any attribute and child without a warning
    supported: bool = True
    in_coverage: bool = True
    run: Verb | None = None  # None for a noun, which is run by its verb

    @cached_property
    def attribute_names(self) -> frozenset[str]:
        return frozenset(self.attributes.split())

    @cached_property
    def child_names(self) -> frozenset[str]:
        return frozenset(self.children.split())


_entries: dict[str, TwimlElement] = {}


def verb(name: str, **allowed: Any) -> Callable[[Verb], Verb]:
    """Registers the function that runs a verb. `allowed` holds the other fields of its TwimlElement."""

    def register(run: Verb) -> Verb:
        _entries[name] = TwimlElement(name, run=run, **allowed)
        return run

    return register


def noun(name: str, **allowed: Any) -> None:
    """Registers an element that is nested in a verb. `allowed` holds the other fields of its TwimlElement."""
    _entries[name] = TwimlElement(name, **allowed)


@cache
def elements() -> dict[str, TwimlElement]:
    """Returns all elements that the modules in this package register, by name."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    return dict(sorted(_entries.items()))


@cache
def verbs() -> dict[str, Verb]:
    """Returns the functions that run verbs, by verb name."""
    return {name: entry.run for name, entry in elements().items() if entry.run}
