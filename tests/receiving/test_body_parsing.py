"""Forms are parsed as everybody else parses them, in a time that depends on their size only."""

import time
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiving.body_parsing import MAX_FORM_FIELDS, parse_form

pieces = st.sampled_from(
    ["%41", "%c3%a9", "%C3", "%0D%0A", "%3D", "%25", "=", "==", "&", "+", "\n", "\r\n", "é", "=41", "_"]
)


@given(st.lists(pieces | st.text(max_size=3).filter(lambda text: "%" not in text), max_size=20).map("".join))
def test_any_form_is_parsed_as_the_standard_says(text):
    raw = text.encode("utf-8", "replace")

    def decode(part):
        return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8", "replace")

    expected = [tuple(map(decode, part.partition(b"=")[::2])) for part in raw.split(b"&") if part]
    assert parse_form(raw.decode()) == expected


def test_repeated_and_empty_fields_are_kept():
    assert parse_form("a=1&a=2&b=&c&&d=x%20y+z") == parse_qsl("a=1&a=2&b=&c&&d=x%20y+z", keep_blank_values=True)


@pytest.mark.parametrize("text", ["a=%", "a=%4", "a=%zz", "%=1", "a=100%&b=2"])
def test_form_with_a_malformed_escape_has_no_fields(text):
    assert parse_form(text) == []


def test_form_with_too_many_fields_is_not_parsed():
    assert len(parse_form("a&" * (MAX_FORM_FIELDS - 1) + "a")) == MAX_FORM_FIELDS
    assert parse_form("a&" * MAX_FORM_FIELDS + "a") == []


@pytest.mark.parametrize(
    "text", ["x=" + "%5B" * 3_400_000, "x=" + "%zz" * 3_400_000, "&" * 10_000_000, "x=%" + "a" * 10**7]
)
def test_ten_megabytes_take_less_than_a_second(text):
    began = time.process_time()
    parse_form(text)
    assert time.process_time() - began < 1
