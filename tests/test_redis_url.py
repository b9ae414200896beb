"""REDIS_URL in the form that names Sentinels."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from settings import redis_url


def test_a_sentinel_url_names_its_sentinels_the_service_and_how_to_reach_the_primary():
    parts = redis_url.split("rediss+sentinel://ada:p%40ss@one.example,[::1]:26380/talk/2?ssl_ca_certs=ca.pem")
    assert parts.sentinels == (("one.example", None), ("::1", 26380))
    assert parts.service == "talk"
    assert parts.primary_url == "rediss://ada:p%40ss@primary/2?ssl_ca_certs=ca.pem"


@pytest.mark.parametrize(
    "url", ["redis://a", "rediss://:secret@a:6380/1", "unix:///run/store.sock", "redis://a?max_connections=9"]
)
def test_urls_of_the_store_itself_are_left_alone(url):
    assert (redis_url.check(url), redis_url.is_sentinel(url)) == (url, False)


@given(st.text(max_size=40))
@example("one:x/talk")
@example("[::1/talk")
@example("a,/talk")
@example("a:99999/talk")
@example("a/talk/0/1")
def test_any_other_text_is_accepted_or_refused_with_an_example(text):
    try:
        assert redis_url.check(f"redis+sentinel://{text}")
    except ValueError as error:
        assert redis_url.SENTINEL_EXAMPLE in str(error)
