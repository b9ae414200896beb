"""How many segments a text costs, and how a long one is cut so that it stays kind."""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("^{}\\[~]|€\f")  # GSM 03.38's extension table: an escape and the character
MAX_SEGMENTS = (
    3  # segments in one answer; a sender of one segment a second serves 300 people in five minutes with one each
)
TRUNCATION_MARK = " [cut]"  # in GSM-7, so that the mark itself never makes a text dearer


def count_segments(text: str) -> int:
    """How many segments this text is sent in: GSM-7 160 or 153 a part, otherwise UCS-2 70 or 67 a part."""
    if all(character in GSM7 or character in GSM7_EXTENSION for character in text):
        return _count_parts([2 if character in GSM7_EXTENSION else 1 for character in text], 160, 153)
    return _count_parts([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _count_parts(costs: list[int], single_size: int, part_size: int) -> int:
    """No character is split between two parts, so a two-unit one may leave a unit unused."""
    if sum(costs) <= single_size:
        return 1
    parts, used = 1, 0
    for cost in costs:
        if used + cost > part_size:
            parts, used = parts + 1, 0
        used += cost
    return parts


def shorten(text: str, max_segments: int = MAX_SEGMENTS) -> str:
    """The text, cut at the end of a sentence (or a word) and marked, so that it fits in `max_segments` segments."""
    if count_segments(text) <= max_segments:
        return text
    fits = _longest_prefix(text, max_segments)
    for ending in (". ", "! ", "? ", "\n", " "):
        at = text.rfind(ending, fits // 2, fits)
        if at > 0:
            return text[: at + 1].rstrip() + TRUNCATION_MARK
    return text[:fits] + TRUNCATION_MARK


def _longest_prefix(text: str, max_segments: int) -> int:
    """The largest number of characters that fit together with the mark."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if count_segments(text[:middle] + TRUNCATION_MARK) <= max_segments else (low, middle - 1)
        )
    return low
