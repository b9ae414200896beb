"""The registry of TwiML elements: verbs with the functions that run them, and nouns.

Each module in this package registers its elements. The grammar and the coverage table are derived from them."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ringback.evidence import Evidence
from ringback.twiml.element_types import TwimlElement, Verb
from ringback.verbs.registry_check import check

_registered: list[TwimlElement] = []


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
