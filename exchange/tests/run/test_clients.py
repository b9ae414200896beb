"""Unmodified apps that use Twilio's own libraries reach the exchange when they call Twilio."""

from ringback.testing.waiting import eventually
from support.person import Person


def test_app_replies_to_a_text_with_the_library(unmodified):
    ada = unmodified.person("1")
    ada.texts("text")
    ada.gets("As you wish")


def test_app_calls_a_person_back(unmodified):
    ben = unmodified.person("2")
    ben.texts("call")
    ben.answers()
    ben.hears("Hello from the app")


def test_app_lists_messages(unmodified):
    cleo = unmodified.person("3")
    cleo.texts("text")
    cleo.gets("As you wish")
    cleo.texts("read")
    cleo.gets("As you wish", "You wrote: read, text")


def test_products_with_their_own_hosts_are_reached(unmodified):
    hal = unmodified.person("8")
    hal.texts("products")
    eventually(lambda: len(hal.inbox()) == 2, lambda: f"{hal.inbox()}; {unmodified.lines}")
    assert sorted(hal.inbox()) == ["Your App verification code is: 1234", "approved 01632 960008 True"]


def test_unsupported_product_is_named(unmodified):
    dan = unmodified.person("4")
    dan.texts("trunks")
    unmodified.prints("ringback: The local exchange does not emulate trunking.twilio.com, only api.twilio.com")
    is_told(dan, "The local exchange does not emulate trunking.twilio.com")


def test_client_without_proxy_support_reaches_the_exchange(unmodified):
    eve = unmodified.person("5")
    eve.texts("without a proxy")
    eve.gets("Sent without a proxy")


def test_app_without_a_library_reaches_the_exchange(unmodified):
    gus = unmodified.person("7")
    gus.texts("by hand")
    gus.gets("Sent by hand")


def test_other_host_is_refused_by_name(unmodified):
    fay = unmodified.person("6")
    fay.texts("elsewhere")
    unmodified.prints(
        "ringback: blocked a request to weather.example: to allow it, start with --let-through weather.example"
    )
    is_told(fay, "The local exchange blocks requests to weather.example")


def is_told(person: Person, words: str) -> None:
    eventually(lambda: any(words in text for text in person.inbox()), lambda: f"{words}: {person.inbox()}")
