"""How certain a statement about Twilio is: documented, observed or inferred, with its source and date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Certainty = Literal["documented", "observed", "inferred"]
CHECKED = "2026-11"  # the month in which the sources named in this package were last read
DOCS = "https://www.twilio.com/docs/"


@dataclass(frozen=True)
class Evidence:
    """The source of one table entry, and how certain it is.

    "documented": Twilio's documentation describes it. "observed": real traffic or an official library shows it.
    "inferred": the entry follows from these sources, but none of them describes it. `checked` is a year and a month."""

    certainty: Certainty
    url: str
    checked: str = CHECKED


def documented(page: str) -> Evidence:
    """Returns the evidence for an entry that a page of Twilio's documentation describes, such as `voice/twiml/say`."""
    return Evidence("documented", DOCS + page)


def observed(url: str) -> Evidence:
    """Returns the evidence for an entry that real traffic or an official library shows, at `url`."""
    return Evidence("observed", url)


def inferred(page: str) -> Evidence:
    """Returns the evidence for an entry that follows from the page but is not described on it."""
    return Evidence("inferred", DOCS + page)
