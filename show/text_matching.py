"""Compares what people write and say with the words that a scene expects."""

import re
import unicodedata

# Letters that look alike in the fonts of phones and projectors, mapped to one of them.
LOOK_ALIKES = str.maketrans("01i|58\u0430\u0435\u043e\u0441\u0440\u0445", "olllsbaeocpx")  # the last six are Cyrillic


def normalize(words: str) -> str:
    """Return the words in lower case without accents, punctuation or repeated spaces: "  Café!" is "cafe"."""
    decomposed = unicodedata.normalize("NFKD", words).casefold()
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.findall(r"\w+", letters))


def skeleton(words: str) -> str:
    """Return the normalized words with look-alike characters unified, to find options that cannot be told apart."""
    return normalize(words).translate(LOOK_ALIKES).replace("rn", "m").replace(" ", "")


NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SPOKEN_NUMBERS = {word: str(number) for number, word in enumerate(NUMBER_WORDS)}
