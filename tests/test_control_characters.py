"""Invisible characters are shown as escapes; text in any language, emoji and line breaks stay."""

import unicodedata

import pytest

from control_characters import INVISIBLE, escape


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("pay\u202egpj.exe", r"pay\u202egpj.exe"),
        ("a\rb", r"a\rb"),
        ("\ud800", r"\ud800"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
    ],
)
def test_invisible_character_is_shown(text, shown):
    assert escape(text) == shown


@pytest.mark.parametrize("text", ["line\nbreak\tand tab", "Café ☕ 日本 עברית", "👩\u200d👩\u200d👧 ❤️", ""])
def test_visible_text_stays(text):
    assert escape(text) == text


def test_every_control_character_is_covered():
    hidden = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp")]
    assert [one for one in hidden if not INVISIBLE.match(one)] == ["\t", "\n", "\u0890", "\u0891", "\u08e2", "\u200d"]
