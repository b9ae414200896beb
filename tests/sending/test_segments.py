"""SMS segments: counting and shortening."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sending.segments import TRUNCATION_MARK, count_segments, shorten


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 134, 2),
        ("ê" * 135, 3),
        ("🦄" * 35, 1),
        ("🦄" * 36, 2),
        ("a" * 152 + "€" + "a" * 10, 2),
        ("Ω" * 160, 1),
    ],
)
def test_number_of_segments(text, parts):
    assert count_segments(text) == parts


def test_short_text_is_unchanged():
    assert shorten("It is 12:30.") == "It is 12:30."


def test_long_text_is_cut_at_a_sentence_and_marked():
    text = "This is one sentence of some length. " * 40
    cut = shorten(text)
    assert cut.endswith("length." + TRUNCATION_MARK)
    assert count_segments(cut) <= 3


def test_long_text_without_sentences_is_cut_at_a_word():
    assert shorten("word " * 300).removesuffix(TRUNCATION_MARK).split(" ")[-1] == "word"


@given(st.text(max_size=2000), st.integers(1, 10))
def test_shortened_text_fits_the_limit(text, most):
    assert count_segments(shorten(text, most)) <= most


@given(st.text(max_size=2000))
def test_shortening_adds_only_the_mark(text):
    cut = shorten(text)
    assert cut == text or (cut.endswith(TRUNCATION_MARK) and text.startswith(cut.removesuffix(TRUNCATION_MARK)))
