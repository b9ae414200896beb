"""Decodes text in the character set that its sender declares."""

import codecs

UNSAFE_CODECS = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined")  # slow, or not a charset


def decode_text(value: bytes, charset: str) -> str:
    """Return the text. Bytes that the character set does not define become U+FFFD; an unknown one counts as UTF-8."""
    try:
        codec = codecs.lookup(charset.strip() or "utf-8").name
        return value.decode("utf-8" if codec in UNSAFE_CODECS else codec, "replace")
    except (LookupError, ValueError):  # unknown, or not a character set
        return value.decode("utf-8", "replace")


def is_utf8(value: bytes) -> bool:
    """Return whether these bytes are UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
