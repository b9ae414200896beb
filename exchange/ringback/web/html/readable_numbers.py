"""Formats phone numbers for people, exactly as pages/phones/phone-numbers.js does; a test compares the two."""

from __future__ import annotations

import re

FORMATS = (
    (r"^\+44(7\d{3})(\d{6})$", r"+44 \1 \2"),
    (r"^\+44(\d{4})(\d{6})$", r"+44 \1 \2"),
    (r"^\+1(\d{3})(\d{3})(\d{4})$", r"+1 \1 \2 \3"),
    (r"^\+(\d{2})(\d{3})(\d{3})(\d+)$", r"+\1 \2 \3 \4"),
    (r"^client:(.+)$", r"\1"),
)
WHATSAPP = "whatsapp:"


def readable(text: str) -> str:
    """A number with spaces, such as `+44 1632 960000`. Any other text, such as a name, is returned unchanged."""
    if text.startswith(WHATSAPP):
        return f"{readable(text.removeprefix(WHATSAPP))} (WhatsApp)"
    for pattern, replacement in FORMATS:
        if re.match(pattern, text):
            return re.sub(pattern, replacement, text)
    return text
