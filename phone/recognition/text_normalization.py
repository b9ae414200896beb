"""Turns a text into plain lines of words: Unicode variants, invisible characters, spaces and mail signatures."""

import unicodedata

from phone.recognition.mail_signatures import remove_mail_signature

LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
INVISIBLE_SPACES = "\u115f\u1160\u180e\u200b\u2800"  # not Zs: Unicode classes these as letters, symbols or formats


def to_plain_text(text: str) -> str:
    """Return the text as lines of words separated by single spaces, without a signature.

    Compatibility characters, such as full-width letters and no-break spaces, become their plain forms (NFKC).
    """
    is_plain = text.isascii() and text.isprintable()
    kept = text if is_plain else "".join(map(_plain_character, unicodedata.normalize("NFKC", text)))
    lines = [" ".join(line.split()) for line in kept.split("\n")]
    text = "\n".join(line for line in lines if line).strip()
    return remove_mail_signature(text)


def _plain_character(char: str) -> str:
    if char in LINE_BREAKS:
        return "\n"
    category = unicodedata.category(char)
    if char in INVISIBLE_SPACES or category in ("Cc", "Zs"):
        return " "
    if (
        char == "\u3002"
    ):  # the ideographic full stop, which also separates host labels: https://www.unicode.org/reports/tr46/
        return "."
    return "" if category in ("Cf", "Cs") else char
