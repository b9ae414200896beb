"""The layout of a word cloud: each word keeps its place while the cloud grows.

A word's place depends only on the words before it. Its size depends on how often it was sent; resizing moves no word.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, sin
from unicodedata import category, east_asian_width

WIDTH, HEIGHT = 1760, 704  # in px of a stage of 1920 by 1080
SIZES = (40, 52, 76, 120)  # font sizes, smallest first
LARGEST_RESERVED = (
    (4, 120),
    (8, 76),
    (20, 52),
    (80, 40),
)  # 120 for the first 4 words, which are often the most frequent, 76 for the next 4, and so on
LINE_HEIGHT = 1.15
GAP = 16  # in px between two words
MAX_PLACED_WORDS = LARGEST_RESERVED[-1][0]
LEAST_TIMES_FOR_LARGEST = 3


def _spiral() -> Iterator[tuple[float, float]]:
    """Yield points from the centre outwards, further apart horizontally than vertically."""
    for step in range(1_000):
        angle = step**0.5 * 2.4
        yield round(WIDTH / 2 + 12 * angle * cos(angle), 1), round(HEIGHT / 2 + 4.4 * angle * sin(angle), 1)


SPIRAL = tuple(_spiral())


@dataclass(frozen=True)
class PlacedWord:
    """A word centred at (x, y). `width` is the width of its text at this size, in px."""

    text: str
    x: float
    y: float
    size: int
    width: float

    def overlaps(self, other: "PlacedWord") -> bool:
        """Whether the two words are closer than GAP."""
        return (
            abs(self.x - other.x) * 2 < self.width + other.width + 2 * GAP
            and abs(self.y - other.y) * 2 < (self.size + other.size) * LINE_HEIGHT
        )

    @property
    def is_inside(self) -> bool:
        """Whether the word is within the canvas."""
        half_height = self.size * LINE_HEIGHT / 2
        return self.width / 2 <= self.x <= WIDTH - self.width / 2 and half_height <= self.y <= HEIGHT - half_height


def layout(order: Sequence[str], counts: Mapping[str, int]) -> list[PlacedWord]:
    """Return the words that fit, at their places.

    `order` lists all words ever shown, in the order in which they first appeared. Words without a count are not
    returned, but keep their places.
    """
    places = _place(tuple(order[:MAX_PLACED_WORDS]))
    most = max(counts.values(), default=0)
    placed: list[PlacedWord] = []
    for place in sorted(places, key=lambda place: -counts.get(place.text, 0)):
        if counts.get(place.text, 0):
            others = [*placed, *(other for other in places if other.text != place.text)]
            placed.append(_grow(place, _size(counts[place.text], most), others))
    return placed


def text_width(text: str, size: int) -> float:
    """Return an upper estimate of the width in bold, in px."""
    return size * sum(map(_char_width, text))


def _char_width(char: str) -> float:
    if category(char) == "Mn":  # drawn above or below the letter before it
        return 0.0
    if east_asian_width(char) in "WF":
        return 1.0
    return 0.36 if char in "ijltfr'’.-1" else 0.95 if char in "mwMW@%" else 0.62


def _size(count: int, most: int) -> int:
    """Return the font size of a word that was sent `count` times, if the most frequent one was sent `most` times."""
    if most < LEAST_TIMES_FOR_LARGEST:
        return SIZES[2]
    return SIZES[sum(count >= share * most for share in (0.2, 0.45, 0.8))]


def _grow(place: PlacedWord, size: int, others: list[PlacedWord]) -> PlacedWord:
    """Return the word at the largest size up to `size` for which there is room."""
    for wanted in sorted((one for one in SIZES if one <= size), reverse=True):
        grown = replace(place, size=wanted, width=text_width(place.text, wanted))
        if wanted <= place.size or (grown.is_inside and not any(map(grown.overlaps, others))):
            return grown
    return place


@lru_cache(300)
def _place(order: tuple[str, ...]) -> tuple[PlacedWord, ...]:
    """Return the reserved places of these words; words that do not fit have none."""
    if not order:
        return ()
    before, text = _place(order[:-1]), order[-1]
    largest = next(size for count, size in LARGEST_RESERVED if len(before) < count)
    for size in (size for size in reversed(SIZES) if size <= largest):  # the largest that fits is reserved
        for x, y in SPIRAL:
            word = PlacedWord(text, x, y, size, text_width(text, size))
            if word.is_inside and not any(map(word.overlaps, before)):
                return (*before, word)
    return before
