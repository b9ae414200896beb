"""Masked text: without phone numbers, and without the paths of web addresses."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from masking import mask_field, mask_words

hidden = st.text(st.characters(categories=["L", "N", "P"]), min_size=8, max_size=40)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("webhook https://hear.example/hook/t0ken?key=s3cret", "webhook https://hear.example/…"),
        ("webhook hear.example/hook", "webhook hear.example/…"),
        ("webhook HTTPS://Hear.Example:8443?key=s3cret", "webhook HTTPS://Hear.Example:8443/…"),
        ("write to ada.l@mail.example, please", "write to a•••@mail.example, please"),
        ("https://ada:lovelace@hear.example/", "https://hear.example/"),
        (
            "https://[2606:4700::1111]/x and http://a.example/y too",
            "https://[2606:4700::1111]/… and http://a.example/… too",
        ),
        ("http://localhost:5000/hook", "http://localhost:5000/…"),
        ("bücher.example/straße?x", "bücher.example/…"),
        ("check example.com", "check example.com"),
        ("check https://example.com/", "check https://example.com/"),
        ("tea and/or coffee, 1/2 or 3.5/4", "tea and/or coffee, 1/2 or 3.5/4"),
        ("call 07700 900 123", "call •••"),
        ("call +44\u00a07700\u00a0900123", "call •••"),
        ("call 07700\u2011900\u2011123", "call •••"),
        ("call 07700 \u2013 900 - 123", "call •••"),
        ("07700\n900123", "07700\n900123"),
        ("my07700900123pls, tel.07700900123", "my•••pls, tel.•••"),
    ],
)
def test_masked_text(written, shown):
    assert mask_words(written) == shown


@given(hidden, st.sampled_from(["https://hear.example/", "hear.example/a/", "http://hear.example?", "https://h#"]))
def test_nothing_after_the_host_remains(secret, place):
    assume(secret not in f"webhook {place} please")
    assert secret not in mask_words(f"webhook {place}{secret} please")


@given(st.text(max_size=400))
def test_masking_is_idempotent(words):
    assert mask_words(mask_words(words)) == mask_words(words)


@pytest.mark.parametrize("command", ["webhook", "check", "unfollow", "what about"])
def test_events_do_not_contain_the_path_of_a_texted_address(person, redis, command):
    person.texts(f"{command} https://hear.example/hook/t0ken?key=s3cret")
    told = b"".join(row[b"e"] for _, row in redis.xrange("events"))
    assert b"hear.example" in told
    for hidden in (b"t0ken", b"s3cret"):
        assert hidden not in told


def test_numbers_in_log_lines_are_masked():
    from masking import mask_all

    assert mask_all("GET /sms?From=%2B447700900201 from +12025550142") == "GET /sms?From=+44 ••• 201 from +12 ••• 142"


def test_twilio_sid_in_a_field_is_readable_whatever_its_digits():
    assert mask_field("SM" + "0123456789abcdef" * 2) == "SM" + "0123456789abcdef" * 2
    assert mask_field("SM0123456789") == "SM•••"
