"""A Message verb, in a document for texts or during a call, becomes a text on its way."""

from __future__ import annotations

from typing import Protocol

from ringback.account.phone_numbers import is_handset_address, normalize_number
from ringback.messages.delivery import fail, send
from ringback.messages.message import Message
from ringback.state import State
from ringback.twiml.attributes import method
from ringback.twiml.parser import Element

MAX_CHARACTERS = 1600
MAX_MEDIA = 10


class DocumentSource(Protocol):
    """The session whose document holds the verb."""

    def warn(self, code: int, element: Element, detail: str = "") -> None: ...
    def absolute(self, url: str) -> str: ...


def send_from_document(
    state: State, session: DocumentSource, element: Element, app: str, person: str, direction: str
) -> Message | None:
    """Send what the element says, from the app's number to the person unless it names others. None: a warning."""
    body, media = _content(session, element)
    to, from_ = normalize_number(element.get("to") or person), normalize_number(element.get("from") or app)
    if not body.strip() and not media:
        session.warn(14103, element, "it has no words and no pictures")
        return None
    if len(body) > MAX_CHARACTERS or len(media) > MAX_MEDIA:
        session.warn(14103, element, f"{len(body)} characters, {len(media)} pictures")
        return None
    if not is_handset_address(to):
        session.warn(14101, element, to)
        return None
    if from_ not in state.numbers:
        session.warn(14102, element, from_)
        return None
    callback = element.get("statusCallback") or element.get("action")
    made = Message(
        account=state.numbers[from_].account_sid,
        from_=from_,
        to=to,
        body=body,
        direction=direction,
        handset=to,
        created=state.clock.now(),
        media_urls=media,
        callback=session.absolute(callback) if callback else "",
        callback_method=method(session, element, 14104),
    )
    if state.opt_outs.has_opted_out(to, from_):
        session.warn(21610, element, to)
        return fail(state, made, 21610)
    return send(state, made)


def _content(session: DocumentSource, element: Element) -> tuple[str, list[str]]:
    bodies = [child.raw_text() for child in element.elements() if child.name == "Body"]
    media = [session.absolute(child.text()) for child in element.elements() if child.name == "Media"]
    own = "".join(child for child in element.children if isinstance(child, str))
    return "".join([own.strip() if bodies or media else own, *bodies]).strip(), media
