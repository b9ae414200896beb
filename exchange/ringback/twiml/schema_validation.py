"""Validates a document against the TwiML schema: which elements and attributes exist, and where each is allowed.

https://www.twilio.com/docs/api/errors/12200 (2026-11)"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ringback.service.debugger import Debugger
from ringback.twiml.documents import Document
from ringback.twiml.parser import Element
from ringback.twiml.spelling_suggestions import suggestion
from ringback.verbs.registry import TOP_LEVEL_NOUNS, VOICE, TwimlElement, elements


@cache
def schema(channel: str) -> dict[str, TwimlElement]:
    """Returns the elements that are allowed in a channel's documents, by name, including Response."""
    allowed = {name: entry for name, entry in elements().items() if channel in entry.channels}
    verbs = {name for name, entry in allowed.items() if entry.run} | (TOP_LEVEL_NOUNS if channel == VOICE else set())
    return {"Response": TwimlElement("Response", children=" ".join(sorted(verbs)))} | allowed


def violations(root: Element, channel: str) -> Iterator[tuple[Element, str]]:
    """Yields each element that violates Twilio's schema, with a message for the app developer."""
    allowed = schema(channel)
    unchecked = [root]
    while unchecked:
        element = unchecked.pop(0)
        entry = allowed.get(element.name)
        if entry is None or not entry.checked:
            continue
        attributes, nested = entry.attribute_names, entry.child_names
        for name in element.attributes:
            if name not in attributes and not name.startswith("xmlns"):
                yield element, f"<{element.name}> has no attribute {name}{suggestion(name, attributes)}"
        for child in element.elements():
            if child.name in nested:
                unchecked.append(child)
            else:
                yield child, f"<{child.name}> is not allowed in <{element.name}>{suggestion(child.name, nested)}"
    if text := root.own_text():
        yield root, f"Text outside a verb is ignored: {text[:40]!r}"


def report_violations(debugger: Debugger, document: Document, channel: str, sid: str, handset: str) -> None:
    """Reports every violation in a document to the debugger, as a warning."""
    for element, message in violations(document.root, channel):
        debugger.report(
            12200,
            sid=sid,
            handset=handset,
            request=document.request,
            response=document.response,
            line=element.line,
            column=element.column,
            detail=message,
        )
