"""Makes text valid in TwiML: people can text control characters, and replies quote what they wrote."""

import re

# https://www.w3.org/TR/xml/#charsets
FORBIDDEN_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_xml_text(words: str) -> str:
    """The words, with every character that XML forbids replaced by a space.

    Blank text becomes one space, because Twilio warns about an empty Say.
    """
    return FORBIDDEN_CHARACTERS.sub(" ", words) if words.strip() else " "
