"""SMS segments: counts how many a text needs, and shortens a text that needs too many.

https://www.twilio.com/docs/glossary/what-sms-character-limit
"""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("^{}\\[~]|€\f")  # two units each: the escape and the character (GSM 03.38)
MAX_SEGMENTS = 3  # per reply; a phone number sends one segment per second, so 300 segments take five minutes
TRUNCATION_MARK = " [cut]"  # in GSM-7, so that it does not change the encoding of the text


def count_segments(text: str) -> int:
    """Return the number of segments: one holds 160 units of GSM-7 or 70 of UCS-2; several hold 153 or 67 each."""
    if all(character in GSM7 or character in GSM7_EXTENSION for character in text):
        return _count_parts([2 if character in GSM7_EXTENSION else 1 for character in text], 160, 153)
    return _count_parts([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _count_parts(costs: list[int], single_size: int, part_size: int) -> int:
    """A two-unit character is never split across segments, so a segment may leave one unit unused."""
    if sum(costs) <= single_size:
        return 1
    parts, used = 1, 0
    for cost in costs:
        if used + cost > part_size:
            parts, used = parts + 1, 0
        used += cost
    return parts


def shorten(text: str, max_segments: int = MAX_SEGMENTS) -> str:
    """Return the text; if it needs more than `max_segments`, cut it after a sentence or word and append " [cut]"."""
    if count_segments(text) <= max_segments:
        return text
    length = _longest_prefix(text, max_segments)
    for ending in (". ", "! ", "? ", "\n", " "):
        end = text.rfind(ending, length // 2, length)
        if end > 0:
            return text[: end + 1].rstrip() + TRUNCATION_MARK
    return text[:length] + TRUNCATION_MARK


def _longest_prefix(text: str, max_segments: int) -> int:
    """Return the length of the longest prefix that, together with the mark, fits into `max_segments`."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = count_segments(text[:middle] + TRUNCATION_MARK) <= max_segments
        low, high = (middle, high) if fits else (low, middle - 1)
    return low
