"""Words of strangers made fit for a screen, and times in words."""

import re
import unicodedata
from math import isfinite

from masking import mask_all

MAX_CHARACTERS = 240  # characters of what one person said
MAX_COMBINING_MARKS = 2  # no language stacks more accents on one letter; what does is meant to cover the lines above

# These two belong to emoji; every other invisible character can hide words or turn the line round.
EMOJI_JOINERS = ("\u200d", "\ufe0f")

# Numbers people write as they say them: 07700 900123, +44 (0)7700 900-123, 447700900123.
INFORMAL_NUMBER = re.compile(r"(?:\+|\b0)\d(?:[ ()-]{0,2}\d){7,13}\b|\b\d{9,15}\b")


def sanitize(text: object, longest: int = MAX_CHARACTERS) -> str:
    """One line: numbers masked, control and direction characters gone, cut with an ellipsis at `longest`."""
    kept, marks = [], 0
    for char in str(text or "")[: longest * 8]:
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") and char not in EMOJI_JOINERS else 0
        if marks > MAX_COMBINING_MARKS or (kind in ("Cf", "Cs", "Co", "Cn") and char not in EMOJI_JOINERS):
            continue
        kept.append(" " if kind in ("Cc", "Zl", "Zp") else char)
    line = mask_all(" ".join("".join(kept).split()))
    line = INFORMAL_NUMBER.sub(lambda found: "••• " + re.sub(r"\D", "", found[0])[-3:], line)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def format_duration(seconds: float) -> str:
    """`6 ms`, `3.1 s`, `14 s`, `2 min 5 s`."""
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.5:
        return f"{seconds:.1f} s".replace(".0 ", " ") if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{int(seconds + 0.5) // 60} min {int(seconds + 0.5) % 60} s"


def parse_number(value: object) -> float:
    """A number that a fact holds, also as text; 0 when it holds none."""
    try:
        found = float(str(value))
    except ValueError:
        return 0.0
    return found if isfinite(found) else 0.0
