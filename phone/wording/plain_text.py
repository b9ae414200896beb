"""Reduces what somebody wrote to plain lines: no invisible characters, no mail signature, no quoted mail."""

import re
import unicodedata

# Mail programs add these below a text, some of them in the same line.
SIGNATURE = re.compile(
    r"\n ?[-_—–]{2,} ?(?:\n.*|$)|\n ?>.*|\n ?(?:on|le|el|am) [^\n]{5,80}(?:wrote|écrit|escribió|schrieb)[^\n]{0,60}:.*"
    r"|\bsent (?:from|via|with|using) (?:my|the|an?|outlook|yahoo|mail|gmail|proton\w*|samsung|blackberry|mobile"
    r"|android|iphone|ipad|aol)\b.*"
    r"|\b(?:get|download) (?:outlook|yahoo|proton|gmail)\b.*"
    r"|\b(?:gesendet (?:von|mit)|von mein\w{1,2} \w+ gesendet|envoyé (?:de|depuis|à partir)"
    r"|enviad[oa] (?:desde|do|de|a)|inviato da|verzonden (?:vanaf|met|door)|skickat från|sendt fra|lähetetty"
    r"|wysłan[eo] z)\b.*",
    re.IGNORECASE | re.DOTALL,
)
LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
INVISIBLE_SPACES = "\u115f\u1160\u180e\u200b\u2800"  # unlike Zs, Unicode classes these as letters, symbols or formats


def to_plain_text(text: str) -> str:
    """Return the text as lines of words separated by single spaces, without a signature.

    Compatibility characters, such as full-width letters and no-break spaces, become their plain forms (NFKC).
    """
    is_plain = text.isascii() and text.isprintable()
    kept = text if is_plain else "".join(map(_plain_character, unicodedata.normalize("NFKC", text)))
    lines = [" ".join(line.split()) for line in kept.split("\n")]
    text = "\n".join(line for line in lines if line).strip()
    above = SIGNATURE.sub("", text).strip()
    is_signature = any(char.isalnum() or char in "?¿❓" for char in above)  # "*\n>check" begins with decoration
    return above if is_signature else text


def _plain_character(char: str) -> str:
    if char in LINE_BREAKS:
        return "\n"
    category = unicodedata.category(char)
    if char in INVISIBLE_SPACES or category in ("Cc", "Zs"):
        return " "
    if (
        char == "\u3002"
    ):  # the ideographic full stop, which separates labels as well: https://www.unicode.org/reports/tr46/
        return "."
    return "" if category in ("Cf", "Cs") else char
