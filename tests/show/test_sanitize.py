"""Untrusted text on the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking import E164_NUMBER
from show.sanitize import sanitize


@given(st.text(), st.integers(1, 300))
def test_sanitized_text_is_one_short_line(text, longest):
    line = sanitize(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1


@given(st.text(), st.integers(1_000_000, 999_999_999_999_999), st.text())
def test_sanitized_text_has_no_number(before, number, after):
    assert not E164_NUMBER.search(sanitize(f"{before}+{number} {after}"))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\u202eabc\u202c", "abc"),
        ("a\x00b\nc", "a b c"),
        ("Z" + "\u0336" * 30 + "a", "Z\u0336\u0336a"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("\u200d\ufe0f\u200b", ""),
        ("+\u200b447700900123", "+44 ••• 123"),
        ("ring 07700 900123 or 447700900124", "ring ••• 123 or ••• 124"),
        ("ring 07700\u2011900\u2011123 or +44 7700 \u2013 900124", "ring ••• 123 or ••• 124"),
        ("+44 (0)7700 900-123", "••• 123"),
        ("on 2026-11-23 18:20:55, 1,234,567 times", "on 2026-11-23 18:20:55, 1,234,567 times"),
    ],
)
def test_unicode_tricks_are_removed(said, shown):
    assert sanitize(said) == shown
