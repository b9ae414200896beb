"""Cookies of an endpoint are kept only on request and sent back only where they belong."""

import time

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints.cookies import MAX_COOKIES, MAX_JAR_CHARACTERS, EndpointCookieJar, redis_key

HERE = "https://hear.example/hooks/in"
SEAL = Encryption(["a secret key of these tests"])


@pytest.fixture
def jar(redis):
    return EndpointCookieJar(redis, SEAL, "ep_1", "first")


def test_cookie_is_sent_back(jar):
    jar.store_cookies(HERE, ["session=abc; HttpOnly; SameSite=Strict", "theme=dark; Path=/"])
    assert jar.cookie_header(HERE) == "session=abc; theme=dark"


def test_no_cookies_no_header(jar):
    assert jar.cookie_header(HERE) == ""


@pytest.mark.parametrize(
    ("line", "goes_to", "stays_away_from"),
    [
        ("a=1", "https://hear.example/hooks/other", "https://hear.example/"),
        ("a=1; Path=/", "https://hear.example/", "https://www.hear.example/"),
        ("a=1; Path=/hooks", "https://hear.example/hooks/x", "https://hear.example/hooks2"),
        ("a=1; Path=/; Secure", "https://hear.example/", "http://hear.example/"),
        ("a=1; Path=/; Domain=hear.example", "https://www.hear.example/", "https://hear.example.evil.test/"),
        ("__Host-a=1; Path=/; Secure", "https://hear.example/", "https://www.hear.example/"),
    ],
)
def test_attributes_decide_where_a_cookie_is_sent(jar, line, goes_to, stays_away_from):
    jar.store_cookies(HERE, [line])
    assert jar.cookie_header(goes_to) == line.partition(";")[0]
    assert jar.cookie_header(stays_away_from) == ""


@pytest.mark.parametrize(
    "line",
    [
        "a=1; Domain=other.example",
        "a=1; Domain=example",
        "a=1; Max-Age=0",
        "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "__Host-a=1; Path=/",
        "__Host-a=1; Secure",
        "__Secure-a=1",
        "a=\x01",
        "a=\xfc",
        "a=" + "x" * 5_000,
        "",
        ";",
    ],
)
def test_invalid_cookie_is_not_stored(jar, line):
    jar.store_cookies(HERE, [line])
    assert jar.cookie_header(HERE) == ""


def test_secure_cookie_over_http_is_not_stored(jar):
    jar.store_cookies("http://hear.example/", ["a=1; Secure; Path=/"])
    assert jar.cookie_header("https://hear.example/") == ""


def test_cookie_expires_or_is_deleted(jar):
    with time_machine.travel(time.time(), tick=False) as clock:
        jar.store_cookies(HERE, ["a=1; Max-Age=60", "b=2"])
        clock.shift(59)
        assert jar.cookie_header(HERE) == "a=1; b=2"
        clock.shift(2)
        assert jar.cookie_header(HERE) == "b=2"
        jar.store_cookies(HERE, ["b=; Max-Age=0"])
        assert jar.cookie_header(HERE) == ""


def test_new_value_replaces_the_old(jar):
    jar.store_cookies(HERE, ["a=1"])
    jar.store_cookies(HERE, ["a=2"])
    assert jar.cookie_header(HERE) == "a=2"


def test_jar_drops_the_oldest_cookies(jar):
    for number in range(MAX_COOKIES + 5):
        jar.store_cookies(HERE, [f"c{number}=x"])
    assert jar.cookie_header(HERE).split("; ") == [f"c{number}=x" for number in range(5, MAX_COOKIES + 5)]
    for number in range(4):
        jar.store_cookies(HERE, [f"long{number}={'x' * 4_000}"])
    assert len(jar.cookie_header(HERE)) <= MAX_JAR_CHARACTERS


def test_jar_belongs_to_one_endpoint_key_and_url(jar, redis):
    jar.store_cookies(HERE, ["a=1"])
    assert EndpointCookieJar(redis, SEAL, "ep_2", "first").cookie_header(HERE) == ""
    assert EndpointCookieJar(redis, SEAL, "ep_1", "second").cookie_header(HERE) == ""


def test_cookies_are_encrypted_and_expire(jar, redis):
    jar.store_cookies(HERE, ["session=abracadabra"])
    assert b"abracadabra" not in redis.get(redis_key("ep_1"))
    assert redis.ttl(redis_key("ep_1")) > 0


def test_undecryptable_jar_is_empty(jar, redis):
    jar.store_cookies(HERE, ["a=1"])
    other = EndpointCookieJar(redis, Encryption(["another key of these tests"]), "ep_1", "first")
    assert other.cookie_header(HERE) == ""
    other.store_cookies(HERE, ["b=2"])
    assert other.cookie_header(HERE) == "b=2"


@given(st.lists(st.text(st.characters(max_codepoint=255)) | st.from_regex(r"\A[a-z]=.*; [A-Za-z-]+=.*\Z"), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cookie_is_sendable_or_dropped(jar, redis, lines):
    redis.delete(redis_key("ep_1"))
    jar.store_cookies(HERE, lines)
    assert jar.cookie_header(HERE) == "" or jar.cookie_header(HERE).isprintable()
    assert jar.cookie_header(HERE).isascii()
