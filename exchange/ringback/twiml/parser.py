"""Parses TwiML into elements that carry their line and column.

https://www.twilio.com/docs/api/errors/12100 (2026-11)"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat

MAX_CACHED_DOCUMENTS = 256
MAX_CACHED_LENGTH = 4096  # of a document, in bytes or characters
MAX_DEPTH = 50  # levels of nested elements; valid TwiML needs fewer than ten


class TwimlParseError(Exception):
    """The document is not valid. `code` is Twilio's error code; lines and columns are numbered from 1."""

    def __init__(self, code: int, detail: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.line, self.column = code, detail, line, column


@dataclass
class Element:
    """One XML element. `children` holds elements and text in document order.

    An element is never changed, because calls with the same document share its elements."""

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
        """Returns all text in the element and its descendants, with runs of white space collapsed."""
        return " ".join("".join(self._texts()).split())

    def own_text(self) -> str:
        """Returns the element's own text without its descendants', with runs of white space collapsed."""
        return " ".join("".join(child for child in self.children if isinstance(child, str)).split())

    def raw_text(self) -> str:
        """Returns all text in the element and its descendants unchanged, because text messages keep line breaks."""
        return "".join(self._texts())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()


def parse(body: bytes | str, charset: str | None = None) -> Element:
    """Returns the <Response> element of a document. Raises TwimlParseError.

    A charset from the Content-Type header takes precedence over the XML declaration. Short documents are cached,
    because many callers hear the same one."""
    return (_cached if len(body) <= MAX_CACHED_LENGTH else _parse)(body, charset)


def _parse(body: bytes | str, charset: str | None) -> Element:
    reader = _Reader()
    try:
        reader.parser.Parse(_decode(body, charset), True)
    except expat.ExpatError as error:
        detail = expat.errors.messages.get(error.code, "not well-formed")
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS] and reader.open:
            detail = f"<{reader.open[-1].name}> on line {reader.open[-1].line} is not closed"
        raise TwimlParseError(12100, detail, error.lineno, error.offset + 1) from None
    except (UnicodeError, LookupError, ValueError) as error:
        raise TwimlParseError(12100, f"the body cannot be decoded ({error})") from None
    return _check_root(reader.root)


_cached = lru_cache(maxsize=MAX_CACHED_DOCUMENTS)(_parse)


def _check_root(root: Element | None) -> Element:
    if root is None:
        raise TwimlParseError(12100, "no element found", 1, 1)
    if root.name != "Response":
        raise TwimlParseError(12102, f"<{root.name}>", root.line, root.column)
    if "version" in root.attributes:
        raise TwimlParseError(12101, "", root.line, root.column)
    return root


def _decode(body: bytes | str, charset: str | None) -> bytes | str:
    if isinstance(body, str) or charset is None:
        return body
    return body.decode(encoding(charset)).removeprefix("\ufeff")


def encoding(charset: str | None) -> str:
    """Returns the name of the charset's text codec, or "utf-8" if the charset is missing or unknown."""
    try:
        codec = codecs.lookup(charset or "utf-8")
        b"".decode(codec.name)
    except (LookupError, ValueError):
        return "utf-8"
    return codec.name


class _Reader:
    """Builds elements from Expat's events. Rejects entity declarations, to prevent entity expansion attacks."""

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
        raise TwimlParseError(12100, f"entity declarations such as {name} are not allowed", line, column)
