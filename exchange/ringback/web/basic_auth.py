"""HTTP Basic logins, as they come in a header."""

from __future__ import annotations

import base64
import binascii


def login(header: str) -> tuple[str, str] | None:
    """(user, password) of an Authorization header, None if it holds no Basic login."""
    kind, _, encoded = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if kind.lower() == "basic" and colon else None
