"""Apps with Twilio's own libraries, which know nothing of the exchange, reach it when they ask for Twilio."""

from tests.exchange.support.person import Person
from tests.support.waiting import eventually


def test_a_text_is_answered_through_the_library(unmodified):
    ada = unmodified.person("1")
    ada.texts("text")
    ada.gets("As you wish")


def test_the_app_calls_somebody_back(unmodified):
    ben = unmodified.person("2")
    ben.texts("call")
    ben.answers()
    ben.hears("Hello from the app")


def test_the_app_reads_the_list_of_texts(unmodified):
    cleo = unmodified.person("3")
    cleo.texts("text")
    cleo.gets("As you wish")
    cleo.texts("read")
    cleo.gets("As you wish", "You wrote: read, text")


def test_the_younger_products_are_reached_at_hosts_of_their_own(unmodified):
    hal = unmodified.person("8")
    hal.texts("products")
    eventually(lambda: len(hal.inbox()) == 2, lambda: f"{hal.inbox()}; {unmodified.lines}")
    assert sorted(hal.inbox()) == ["Your App verification code is: 1234", "approved 01632 960008 True"]


def test_a_product_the_exchange_lacks_is_named(unmodified):
    dan = unmodified.person("4")
    dan.texts("trunks")
    unmodified.prints("exchange: The local exchange does not emulate trunking.twilio.com, only api.twilio.com")
    is_told(dan, "The local exchange does not emulate trunking.twilio.com")


def test_a_client_that_knows_no_proxy_reaches_us_too(unmodified):
    eve = unmodified.person("5")
    eve.texts("without a proxy")
    eve.gets("Sent without a proxy")


def test_an_app_that_asks_twilio_by_hand_reaches_us_too(unmodified):
    gus = unmodified.person("7")
    gus.texts("by hand")
    gus.gets("Sent by hand")


def test_another_host_is_refused_by_name(unmodified):
    fay = unmodified.person("6")
    fay.texts("elsewhere")
    unmodified.prints(
        "exchange: blocked a request to weather.example: to allow it, start with --let-through weather.example"
    )
    is_told(fay, "The local exchange blocks requests to weather.example")


def is_told(person: Person, words: str) -> None:
    eventually(lambda: any(words in text for text in person.inbox()), lambda: f"{words}: {person.inbox()}")
