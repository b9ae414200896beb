"""Makes invisible characters visible: control characters, and characters that hide text or reverse its direction.

https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
"""

import re

# All of Cc and Cf except tab, line feed and U+200D (which joins emoji), plus line separators and surrogates.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b\u200c\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def escape(text: str) -> str:
    """Return the text with invisible characters escaped, as `\\x1b` or `\\u202e`. Line breaks and tabs are kept."""
    return INVISIBLE.sub(_escape, text.replace("\r\n", "\n"))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode-escape").decode()
