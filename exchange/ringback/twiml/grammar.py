"""Which verbs, nouns and attributes TwiML has, and where each may stand; what else is written is warned of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ringback.service.debugger import Debugger
from ringback.twiml.documents import Document
from ringback.twiml.parser import Element
from ringback.verbs.registry import VOICE, TwimlElement, elements

TOP_LEVEL_NOUNS = frozenset({"Queue"})  # that Twilio's schema allows directly in a voice Response


@cache
def grammar(channel: str) -> dict[str, TwimlElement]:
    """What a channel's documents may hold, by name."""
    found = {name: entry for name, entry in elements().items() if channel in entry.channels}
    verbs = {name for name, entry in found.items() if entry.run} | (TOP_LEVEL_NOUNS if channel == VOICE else set())
    return {"Response": TwimlElement("Response", children=" ".join(sorted(verbs)))} | found


def violations(root: Element, channel: str) -> Iterator[tuple[Element, str]]:
    """Every element and attribute Twilio's schema does not have there, with a sentence about it."""
    known = grammar(channel)
    waiting = [root]
    while waiting:
        element = waiting.pop(0)
        entry = known.get(element.name)
        if entry is None or not entry.checked:
            continue  # below a verb we only know by name, anything goes
        attributes, nested = entry.attribute_names, entry.child_names
        for name in element.attributes:
            if name not in attributes and not name.startswith("xmlns"):
                yield element, f"<{element.name}> has no attribute {name}{_meant(name, attributes)}"
        for child in element.elements():
            if child.name in nested:
                waiting.append(child)
            else:
                yield child, f"<{child.name}> is not known in <{element.name}>{_meant(child.name, nested)}"
    if between := root.own_text():
        yield root, f"Text between the verbs is not spoken: {between[:40]!r}"


def _meant(name: str, known: frozenset[str]) -> str:
    for other in known:
        if other.lower() == name.lower().replace("_", "").replace("-", ""):
            return f"; did you mean {other}?"
    return ""


def report_violations(debugger: Debugger, document: Document, channel: str, sid: str, handset: str) -> None:
    """Report everything in a document that TwiML does not have."""
    for element, sentence in violations(document.root, channel):
        debugger.report(
            12200,
            sid=sid,
            handset=handset,
            request=document.request,
            answer=document.answer,
            line=element.line,
            column=element.column,
            why=sentence,
        )
