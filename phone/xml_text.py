"""What we say, without what XML cannot hold: people may text a bell, and we repeat their words."""

import re

FORBIDDEN_CHARACTERS = re.compile(
    "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # https://www.w3.org/TR/xml/#charsets


def to_xml_text(words: str) -> str:
    """The words, every character that XML forbids replaced by a space; never empty, since an empty Say is a warning."""
    return FORBIDDEN_CHARACTERS.sub(" ", words) if words.strip() else " "
