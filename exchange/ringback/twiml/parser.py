"""TwiML as text, read into elements that know their line and column."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_DEPTH = 50  # no verb nests anywhere near this deep


class TwimlParseError(Exception):
    """The document cannot be run: Twilio's error number, why, and where."""

    def __init__(self, code: int, why: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(why)
        self.code, self.why, self.line, self.column = code, why, line, column


@dataclass
class Element:
    """One element: its name, attributes, and children (elements and text, in order)."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)
    line: int = 0
    column: int = 0

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def elements(self) -> list[Element]:
        return [child for child in self.children if isinstance(child, Element)]

    def text(self) -> str:
        """All text within, its white space folded as a speaker would."""
        return " ".join("".join(self._texts()).split())

    def own_text(self) -> str:
        """The text directly within, without its children's."""
        return " ".join("".join(child for child in self.children if isinstance(child, str)).split())

    def raw_text(self) -> str:
        """All text within, as written: a text message keeps its lines."""
        return "".join(self._texts())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()


def parse(body: bytes | str, charset: str | None = None) -> Element:
    """The <Response> in a document, or Unreadable. A charset from the Content-Type wins over the declaration."""
    reader = _Reader()
    try:
        reader.parser.Parse(_decoded(body, charset), True)
    except expat.ExpatError as error:
        why = expat.errors.messages.get(error.code, "not well-formed")
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS] and reader.open:
            why = f"<{reader.open[-1].name}> of line {reader.open[-1].line} is never closed"
        raise TwimlParseError(12100, why, error.lineno, error.offset + 1) from None
    except (UnicodeError, LookupError, ValueError) as error:
        raise TwimlParseError(12100, f"not text in its encoding ({error})") from None
    return _checked(reader.root)


def _checked(root: Element | None) -> Element:
    if root is None:
        raise TwimlParseError(12100, "no element found", 1, 1)
    if root.name != "Response":
        raise TwimlParseError(12102, f"<{root.name}>", root.line, root.column)
    if "version" in root.attributes:
        raise TwimlParseError(12101, "", root.line, root.column)
    return root


def _decoded(body: bytes | str, charset: str | None) -> bytes | str:
    if isinstance(body, str) or charset is None:
        return body
    return body.decode(encoding(charset)).removeprefix("\ufeff")


def encoding(charset: str | None) -> str:
    """A charset's codec, utf-8 for those unknown, absurd or absent."""
    try:
        found = codecs.lookup(charset or "utf-8")
        b"".decode(found.name)
    except (LookupError, ValueError):
        return "utf-8"
    return found.name


class _Reader:
    """Expat's events, gathered into elements. Entities of one's own are refused, so nothing can grow."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.EntityDeclHandler = self.entity
        self.parser = parser

    def start(self, name: str, attributes: dict[str, str]) -> None:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        if len(self.open) >= MAX_DEPTH:
            raise TwimlParseError(12100, "elements nested too deeply", line, column)
        element = Element(name, attributes, [], line, column)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, name: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        if self.open:
            self.open[-1].children.append(text)

    def entity(self, name: str, *_: object) -> None:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        raise TwimlParseError(12100, f"the entity {name} is declared; entities are not allowed", line, column)
