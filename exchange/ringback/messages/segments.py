"""Counts the segments in a message, which is encoded in GSM-7 if possible and in UCS-2 otherwise."""

from __future__ import annotations

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two code units


def segment_count(body: str) -> int:
    """Return at least 1, even for an empty body.

    In a multi-segment message each segment holds fewer characters, because of its header (UDH)."""
    if all(character in GSM_7 or character in GSM_7_EXTENDED for character in body):
        units, single, multiple = sum(2 if character in GSM_7_EXTENDED else 1 for character in body), 160, 153
    else:
        units, single, multiple = len(body.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return 1 if units <= single else -(-units // multiple)
