"""The registry of TwiML elements: verbs with the functions that run them, and nouns. It is checked before use.

Each module in this package registers its elements. The TwiML schema and the coverage table are derived from them."""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from ringback.evidence import Evidence
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome

Verb = Callable[[Any, Element], Awaitable[Outcome]]
"""Runs one element on a VoiceSession. Returns None to run the next verb, or a step, which replaces the later verbs."""

Background = Callable[[Any, Element], None]
"""Starts or stops the background task of a noun of <Start> and <Stop> on a VoiceSession's call."""

VOICE, MESSAGING = "voice", "sms"
TOP_LEVEL_NOUNS = frozenset({"Queue"})  # nouns that Twilio's schema allows directly in a voice Response
_registered: list[TwimlElement] = []


@dataclass(frozen=True)
class TwimlElement:
    """One element: its allowed attributes and children, as space-separated names, and the function that runs it."""

    name: str
    evidence: Evidence | None = None  # required, except for elements that the coverage table does not list
    attributes: str = ""
    children: str = ""
    without_effect: str = ""  # attributes that are accepted and ignored
    channels: tuple[str, ...] = (VOICE,)
    checked: bool = True  # False accepts any attribute and child without a warning
    reason: str = ""  # why Ringback does not support the element; "" if it does
    in_coverage: bool = True
    run: Verb | None = None  # None for a noun, which is run by its verb
    start: Background | None = None  # for a noun of <Start>
    stop: Background | None = None  # for a noun of <Stop>

    @property
    def supported(self) -> bool:
        return not self.reason

    @cached_property
    def attribute_names(self) -> frozenset[str]:
        return frozenset(self.attributes.split())

    @cached_property
    def child_names(self) -> frozenset[str]:
        return frozenset(self.children.split())


def verb(name: str, evidence: Evidence, **allowed: Any) -> Callable[[Verb], Verb]:
    """Registers the function that runs a verb. `allowed` holds the other fields of its TwimlElement."""

    def register(run: Verb) -> Verb:
        _registered.append(TwimlElement(name, evidence, run=run, **allowed))
        return run

    return register


def noun(name: str, evidence: Evidence | None = None, **allowed: Any) -> None:
    """Registers an element that is nested in a verb. `allowed` holds the other fields of its TwimlElement."""
    _registered.append(TwimlElement(name, evidence, **allowed))


@cache
def elements() -> dict[str, TwimlElement]:
    """Returns all elements that the modules in this package register, by name. Raises RegistryError."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    check(_registered)
    return {entry.name: entry for entry in sorted(_registered, key=lambda entry: entry.name)}


@cache
def verbs() -> dict[str, Verb]:
    """Returns the functions that run verbs, by verb name."""
    return {name: entry.run for name, entry in elements().items() if entry.run}


class RegistryError(Exception):
    """An element is registered incorrectly. The message says which, and how to fix it."""


def check(registered: Sequence[TwimlElement]) -> None:
    """Raises RegistryError with all mistakes, if there are any."""
    if mistakes := [*_repeated(registered), *_unknown_or_unused(registered), *_incomplete(registered)]:
        raise RegistryError("ringback/verbs: " + "; ".join(mistakes))


def _repeated(registered: Sequence[TwimlElement]) -> Iterator[str]:
    for name, times in Counter(entry.name for entry in registered).items():
        if times > 1:
            yield f"<{name}> is registered {times} times: keep one verb() or noun() call"


def _unknown_or_unused(registered: Sequence[TwimlElement]) -> Iterator[str]:
    by_name = {entry.name: entry for entry in registered}
    nested = {name for entry in registered for name in entry.child_names}
    for entry in registered:
        for child in sorted(entry.child_names):
            if child not in by_name:
                yield f"<{entry.name}> allows <{child}>, which does not exist: register it with noun()"
            elif not set(by_name[child].channels) & set(entry.channels):
                yield f"<{child}> is nested in <{entry.name}>, but no channel has both: correct channels="
        if entry.run is None and entry.name not in nested | TOP_LEVEL_NOUNS:
            yield f"<{entry.name}> is allowed nowhere: add it to the children= of its verb"


def _incomplete(registered: Sequence[TwimlElement]) -> Iterator[str]:
    backgrounds = {entry.name: entry.child_names for entry in registered if entry.name in ("Start", "Stop")}
    for entry in registered:
        where = f"<{entry.name}>"
        if entry.in_coverage and entry.evidence is None:
            yield f"{where} has no source: pass documented(…), observed(…) or inferred(…) from ringback.evidence"
        if unknown := sorted(set(entry.without_effect.split()) - entry.attribute_names):
            yield f"{where} has no attribute {', '.join(unknown)}: correct without_effect= or attributes="
        if unknown := sorted(set(entry.channels) - {VOICE, MESSAGING}):
            yield f"{where} has the unknown channel {', '.join(unknown)}: use VOICE or MESSAGING"
        if not entry.supported and (entry.start or entry.stop or entry.without_effect):
            yield f"{where} is supported in part: remove reason=, or start=, stop= and without_effect="
        for verb, function in (("Start", entry.start), ("Stop", entry.stop)):
            if function and entry.name not in backgrounds.get(verb, frozenset()):
                yield f"{where} has a function for <{verb}>, which does not allow it: add it to the children= there"
