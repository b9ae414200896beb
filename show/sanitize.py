"""Sanitizes untrusted text and numbers for the screen."""

import re
import unicodedata
from math import isfinite

from masking import mask_all

MAX_CHARACTERS = 240
MAX_COMBINING_MARKS = 2  # per letter; no language needs more, and a stack of them would cover the lines above

# Emoji need these. All other invisible characters are removed, because they can hide text or reverse its direction.
EMOJI_JOINERS = ("\u200d", "\ufe0f")

# Phone numbers as people write them: 07700 900123, +44 (0)7700 900-123, 447700900123.
INFORMAL_NUMBER = re.compile(r"(?:\+|\b0)\d(?:[ ()\u2010-\u2015\u2212-]{0,3}\d){7,13}\b|\b\d{9,15}\b")


def sanitize(text: object, max_length: int = MAX_CHARACTERS) -> str:
    """The text as one line of at most `max_length` characters.

    Phone numbers are masked, control and directional characters are removed, and truncated text ends in "…". Text that
    would be invisible becomes "".
    """
    kept, marks = [], 0
    for char in str(text or "")[: max_length * 8]:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") and char not in EMOJI_JOINERS else 0
        if marks > MAX_COMBINING_MARKS or (category in ("Cf", "Cs", "Co", "Cn") and char not in EMOJI_JOINERS):
            continue
        kept.append(" " if category in ("Cc", "Zl", "Zp") else char)
    line = mask_all(" ".join("".join(kept).split()))
    if not line.strip("".join(EMOJI_JOINERS)):
        return ""
    line = INFORMAL_NUMBER.sub(lambda match: "••• " + re.sub(r"\D", "", match[0])[-3:], line)
    return line if len(line) <= max_length else line[: max_length - 1].rstrip() + "…"


def sanitize_number(value: object) -> float:
    """The value as a finite number, or 0 if it is not one."""
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0
