"""Parses the Authorization header of HTTP Basic authentication."""

from __future__ import annotations

import base64
import binascii


def parse_basic_auth(header: str) -> tuple[str, str] | None:
    """Returns (user, password), or None if the header has no valid Basic credentials."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if scheme.lower() == "basic" and colon else None
