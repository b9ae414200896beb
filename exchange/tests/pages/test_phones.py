"""The phones page: texts and calls in the browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, expect

from pages.exchange_with_app import BALCONY, FRONT_ROW, NUMBER, ExchangeWithApp
from pages.phones_page import PhonesPage, opened
from ringback.testing.waiting import eventually
from support.phones_page import presses


def test_reply_appears_in_the_thread(room: PhonesPage) -> None:
    phone = room.phone("Front row")
    phone.get_by_label("Text from Front row").fill("hello")
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator(".bubble .words")).to_have_text(["hello", "You said: hello"])
    expect(phone.locator(".bubble .about").last).to_contain_text("delivered")
    expect(phone.get_by_label("Text from Front row")).to_have_value("")


def test_picture_appears_in_the_thread(room: PhonesPage) -> None:
    phone = room.phone("Front row")
    phone.get_by_label("Text from Front row").fill("picture")
    phone.get_by_role("button", name="Send").click()
    image = phone.get_by_role("img", name="Picture: picture.svg")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_caller_reads_captions_and_presses_a_key(room: PhonesPage) -> None:
    phone = room.phone("Front row")
    phone.get_by_role("button", name="Call").click()
    expect(phone.locator(".captions .current")).to_contain_text("Welcome. Press 1")
    expect(phone).to_contain_text("Press a key, or say something.")
    presses(phone, "1")
    expect(phone.locator(".captions .current")).to_have_text("It is seven.")
    expect(phone.locator(".captions .mine")).to_have_text("Key 1")
    phone.get_by_role("button", name="Hang up").click()
    expect(phone.get_by_role("button", name="Call")).to_be_visible()
    expect(phone.locator(".past-call")).to_contain_text("Call to +44 1632 960000")


def test_caller_in_a_queue_reads_that_music_is_playing(room: PhonesPage) -> None:
    phone = room.phone("Front row")
    phone.get_by_role("button", name="Call").click()
    presses(phone, "5")
    expect(phone.locator(".captions .current")).to_have_text("♪ (hold music)")


def test_caller_types_words_instead_of_speaking(room: PhonesPage) -> None:
    phone = room.phone("Balcony")
    phone.get_by_role("button", name="Call").click()
    phone.get_by_label("What Balcony says").fill("two pizzas")
    phone.get_by_role("button", name="Say").click()
    expect(phone.locator(".captions .current")).to_have_text("You asked for two pizzas.")


def test_caller_talks_with_an_agent(room: PhonesPage) -> None:
    phone = room.phone("Balcony")
    phone.get_by_role("button", name="Call").click()
    presses(phone, "3")
    expect(phone.locator(".captions .current")).to_have_text("I am an agent.")
    expect(phone).to_contain_text("What you say while it speaks is not sent to the app.")
    phone.get_by_label("What Balcony says").fill("good evening")
    phone.get_by_role("button", name="Say").click()
    expect(phone.locator(".captions .current")).to_have_text("Did you say good evening?")


def test_caller_hears_an_app_over_a_media_stream(room: PhonesPage) -> None:
    phone = room.phone("Balcony")
    phone.get_by_role("button", name="Call").click()
    with room.page.expect_response(lambda response: "/media/" in response.url) as sound:
        presses(phone, "4")
    assert sound.value.headers["content-type"] == "audio/wav"
    expect(phone.locator(".captions .current")).to_have_text("♪ (the app's audio)")
    expect(phone).to_contain_text("The app can hear you.")
    phone.get_by_role("button", name="1", exact=True).click()
    expect(phone.locator(".captions .current")).to_have_text("That was all.")


def test_caller_leaves_a_typed_message(room: PhonesPage) -> None:
    phone = room.phone("Front row")
    phone.get_by_role("button", name="Call").click()
    presses(phone, "2")
    expect(phone).to_contain_text("Recording… Type what you say")
    phone.get_by_label("What Front row says").fill("Please call me back when you have the time")
    phone.get_by_label("What Front row says").press("Enter")
    phone.get_by_role("button", name="hash").click()
    expect(phone.locator(".captions .current")).to_contain_text("Your message is")


def test_incoming_call_rings_and_is_answered(room: PhonesPage, town: ExchangeWithApp) -> None:
    town.calls(BALCONY)
    phone = room.phone("Balcony")
    expect(phone.get_by_role("region", name="Call with +44 1632 960000")).to_contain_text("is calling…")
    expect(room.page.get_by_role("alert").first).to_contain_text("Balcony: call from +44 1632 960000.")
    phone.get_by_role("button", name="Answer").click()
    expect(phone.locator(".captions .current")).to_contain_text("Welcome.")
    expect(room.phone("Front row").get_by_role("button", name="Call")).to_be_visible()


def test_incoming_call_is_declined(room: PhonesPage, town: ExchangeWithApp) -> None:
    call = town.calls(FRONT_ROW)
    room.phone("Front row").get_by_role("button", name="Decline").click()
    expect(room.phone("Front row").locator(".past-call")).to_contain_text("busy")
    assert town.twilio.calls(call.sid).fetch().status == "busy"


def test_two_handsets_call_the_app_at_the_same_time(room: PhonesPage) -> None:
    front, balcony = room.phone("Front row"), room.phone("Balcony")
    front.get_by_role("button", name="Call").click()
    balcony.get_by_role("button", name="Call").click()
    balcony.get_by_label("What Balcony says").fill("tea")
    presses(front, "1")
    balcony.get_by_role("button", name="Say").click()
    expect(front.locator(".captions .current")).to_have_text("It is seven.")
    expect(balcony.locator(".captions .current")).to_have_text("You asked for tea.")


def talks_to(phone: Any, number: str) -> None:
    phone.get_by_role("button", name="Settings").click()
    phone.get_by_label("Texts and calls go to").select_option(number)
    phone.get_by_role("button", name="Done").click()


def test_handset_calls_another(room: PhonesPage, town: ExchangeWithApp) -> None:
    front, balcony = room.phone("Front row"), room.phone("Balcony")
    talks_to(front, BALCONY)
    front.get_by_role("button", name="Call").click()
    expect(balcony.get_by_role("region", name="Call with Front row")).to_contain_text("is calling…")
    balcony.get_by_role("button", name="Answer").click()
    front.get_by_label("What Front row says").fill("Can you see the stage?")
    front.get_by_role("button", name="Say").click()
    expect(balcony.locator(".captions .current")).to_contain_text("Can you see the stage?")
    balcony.get_by_role("button", name="Hang up").click()
    expect(front.locator(".past-call")).to_contain_text("Call to Balcony")
    talks_to(front, NUMBER)


def test_handset_declines_a_call_from_another(room: PhonesPage, town: ExchangeWithApp) -> None:
    front, balcony = room.phone("Front row"), room.phone("Balcony")
    talks_to(front, BALCONY)
    front.get_by_role("button", name="Call").click()
    balcony.get_by_role("button", name="Decline").click()
    expect(front.locator(".past-call")).to_contain_text("busy")
    talks_to(front, NUMBER)


def test_untrusted_text_is_never_markup(room: PhonesPage, town: ExchangeWithApp) -> None:
    town.texts(FRONT_ROW, "<img src=x onerror=alert(1)><b>bold</b>")
    words = room.phone("Front row").locator(".bubble .words")
    expect(words).to_have_text("<img src=x onerror=alert(1)><b>bold</b>")
    assert words.locator("*").count() == 0


def test_alert_is_shown_until_it_is_dismissed(room: PhonesPage) -> None:
    phone = room.phone("Front row")
    phone.get_by_label("Text from Front row").fill("break")
    phone.get_by_role("button", name="Send").click()
    strip = room.page.locator("#alert")
    expect(strip).to_contain_text("12100")
    expect(strip).to_contain_text("Front row")
    strip.get_by_role("button", name="Dismiss").click()
    expect(strip).to_be_hidden()


def test_added_handset_is_still_there_after_a_reload(context: BrowserContext, town: ExchangeWithApp) -> None:
    room = opened(context.new_page(), town)
    room.page.get_by_role("button", name="Add a handset").click()
    room.page.get_by_role("button", name="Add", exact=True).click()
    expect(room.phone("Aisle")).to_contain_text("+44 7700 900004")
    room.phone("Aisle").get_by_role("button", name="Settings").click()
    room.phone("Aisle").get_by_label("When this phone is called").select_option("busy")
    town.texts("+447700900004", "welcome")
    expect(room.phone("Aisle").locator(".bubble")).to_have_count(1)
    opened(room.page, town)
    room.phone("Aisle").get_by_role("button", name="Settings").click()
    expect(room.phone("Aisle").get_by_label("When this phone is called")).to_have_value("busy")


def test_texts_survive_a_restart_of_the_exchange(room: PhonesPage, town: ExchangeWithApp) -> None:
    town.texts(FRONT_ROW, "before")
    words = room.phone("Front row").locator(".bubble .words")
    expect(words).to_have_text(["before"])
    room.phone("Balcony").get_by_role("button", name="Call").click()
    expect(room.phone("Balcony").locator(".captions .current")).to_contain_text("Welcome.")
    town.closes()
    expect(room.connection).to_have_text("The exchange is not responding. Trying again…")
    town.opens()
    expect(room.connection).to_be_hidden()
    town.texts(FRONT_ROW, "after")
    expect(words).to_have_text(["before", "after"])
    expect(room.phone("Balcony").locator(".past-call")).to_contain_text("failed")


def test_earlier_events_are_shown_when_the_page_opens(town: ExchangeWithApp, context: BrowserContext) -> None:
    town.texts(FRONT_ROW, "one")
    town.texts(FRONT_ROW, "two")
    town.calls(BALCONY)
    room = opened(context.new_page(), town)
    expect(room.phone("Front row").locator(".bubble .words")).to_have_text(["one", "two"])
    expect(room.phone("Balcony").get_by_role("button", name="Answer")).to_be_visible()


def test_whatsapp_handset_texts_the_app_and_cannot_call(context: BrowserContext, town: ExchangeWithApp) -> None:
    room = opened(context.new_page(), town)
    room.page.locator("#add").click()
    dialog = room.page.get_by_role("dialog")
    dialog.get_by_label("Number").select_option("whatsapp:+447700900001")
    dialog.get_by_role("button", name="Add", exact=True).click()
    phone = room.page.get_by_role("article").last
    expect(phone).to_contain_text("+44 7700 900001 (WhatsApp)")
    expect(phone.get_by_role("button", name="Call")).to_be_hidden()
    phone.get_by_placeholder("Text").fill("hello")
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator(".bubble .words")).to_have_text(["hello", "You said: hello"])


def test_app_learns_where_a_phone_is_and_what_add_ons_found(room: PhonesPage, town: ExchangeWithApp) -> None:
    phone = room.phone("Front row")
    phone.get_by_role("button", name="Settings").click()
    phone.get_by_text("Location of this phone").click()
    phone.get_by_label("City").fill("Leeds")
    phone.get_by_label("Country").fill("fr")
    phone.get_by_label("Results of add-ons").fill('{"spam": 1')
    phone.get_by_role("button", name="Done").click()
    expect(phone.locator("textarea:invalid")).to_be_visible()
    phone.get_by_label("Results of add-ons").fill('{"spam": {"status": "successful"}}')
    phone.get_by_role("button", name="Done").click()
    assert town.exchange
    handset = town.exchange.state.handsets[FRONT_ROW]
    eventually(lambda: handset.add_ons == {"spam": {"status": "successful"}})
    assert (handset.place.city, handset.place.country) == ("Leeds", "FR")
