"""The number of segments in which an SMS is sent.

https://www.twilio.com/docs/glossary/what-sms-character-limit (2026-11)"""

from __future__ import annotations

from collections.abc import Iterable

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two code units


def segment_count(body: str) -> int:
    """Returns the number of segments: at least 1, even for an empty body.

    In a multi-segment message, each segment holds fewer characters because of its header (UDH). A character of two code
    units (a surrogate pair in UCS-2 or an escape sequence in GSM-7) is never split between two segments."""
    if all(character in GSM_7 or character in GSM_7_EXTENDED for character in body):
        sizes, single, multiple = [2 if character in GSM_7_EXTENDED else 1 for character in body], 160, 153
    else:
        sizes, single, multiple = [2 if ord(character) > 0xFFFF else 1 for character in body], 70, 67
    return 1 if sum(sizes) <= single else _filled(sizes, multiple)


def _filled(sizes: Iterable[int], capacity: int) -> int:
    """The number of segments of this capacity that are filled by characters of these sizes, in order."""
    segments, used = 1, 0
    for size in sizes:
        if used + size > capacity:
            segments, used = segments + 1, 0
        used += size
    return segments
