"""What people write is shown to a room: without their numbers, and without what their web addresses hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masking import mask_words

hidden = st.text(st.characters(categories=["L", "N", "P"]), min_size=8, max_size=40)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("webhook https://hear.example/hook/t0ken?key=s3cret", "webhook https://hear.example/…"),
        ("webhook hear.example/hook", "webhook hear.example/…"),
        ("webhook HTTPS://Hear.Example:8443?key=s3cret", "webhook HTTPS://Hear.Example:8443/…"),
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
    ],
)
def test_what_is_shown_of_what_was_written(written, shown):
    assert mask_words(written) == shown


@given(hidden, st.sampled_from(["https://hear.example/", "hear.example/a/", "http://hear.example?", "https://h#"]))
def test_whatever_follows_the_host_is_shown_to_nobody(secret, place):
    assert secret not in mask_words(f"webhook {place}{secret} please")


@given(st.text(max_size=400))
def test_any_words_can_be_masked_and_masked_again(words):
    assert mask_words(mask_words(words)) == mask_words(words)


@pytest.mark.parametrize("command", ["webhook", "check", "unfollow", "what about"])
def test_nothing_that_happens_tells_the_path_of_an_address_somebody_texted(person, redis, command):
    person.texts(f"{command} https://hear.example/hook/t0ken?key=s3cret")
    told = b"".join(row[b"e"] for _, row in redis.xrange("events"))
    assert b"hear.example" in told
    for hidden in (b"t0ken", b"s3cret"):
        assert hidden not in told
