"""The description of one TwiML element: what may be in it, what runs it, and where Twilio documents it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ringback.evidence import Evidence
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome

Verb = Callable[[Any, Element], Awaitable[Outcome]]
"""Runs one element on a VoiceSession. Returns None to run the next verb, or the step that replaces later verbs."""

Background = Callable[[Any, Element], None]
"""Starts or stops the background task of a noun of <Start> and <Stop> on a VoiceSession's call."""

VOICE, MESSAGING = "voice", "sms"


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
