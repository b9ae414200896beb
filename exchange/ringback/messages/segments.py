"""How many parts a text is sent in: GSM-7 where its letters allow, UCS-2 otherwise."""

from __future__ import annotations

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two places


def segment_count(body: str) -> int:
    """At least one: an empty text is sent as one part."""
    if all(letter in GSM_7 or letter in GSM_7_EXTENDED for letter in body):
        places, alone, each = sum(2 if letter in GSM_7_EXTENDED else 1 for letter in body), 160, 153
    else:
        places, alone, each = len(body.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return 1 if places <= alone else -(-places // each)
