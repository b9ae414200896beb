"""The small apps, used from the phones page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from apps import masking, pager, survey, voicemail
from apps.conftest import Served, served
from support.exchange import Exchange
from support.person import Person
from support.phones_page import presses


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[Served]:
    with served(request.param.create()) as running:
        yield running


@pytest.fixture
def phones(browser: Browser, exchange: Exchange, ada: Person, ben: Person) -> Iterator[dict[str, Locator]]:
    """Ada's and Ben's phones, side by side on one page."""
    out = [
        {"number": person.number, "name": name, "when_called": "rings"} for person, name in ((ada, "Ada"), (ben, "Ben"))
    ]
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(f"localStorage.setItem('handsets', {json.dumps(json.dumps(out))})")
    page = context.new_page()
    page.goto(exchange.origin)
    page.locator("body[data-connection=up]").wait_for()
    yield {name: page.get_by_role("article", name=name, exact=True) for name in ("Ada", "Ben")}
    context.close()


def answered_by(*apps: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("app", apps, indirect=True, ids=[app.__name__.rpartition(".")[2] for app in apps])


def writes(phone: Locator, name: str, words: str) -> None:
    phone.get_by_label(f"Text from {name}").fill(words)
    phone.get_by_role("button", name="Send").click()


def says(phone: Locator, name: str, words: str) -> None:
    phone.get_by_label(f"What {name} says").fill(words)
    phone.get_by_label(f"What {name} says").press("Enter")


@answered_by(masking)
def test_rider_and_driver_text_and_talk(phones):
    ada, ben = phones["Ada"], phones["Ben"]
    writes(ada, "Ada", "I am at the gate.")
    expect(ben.locator(".bubble .words")).to_have_text("I am at the gate.")
    ben.get_by_role("button", name="Call").click()
    ada.get_by_role("button", name="Answer").click()
    says(ben, "Ben", "Which gate?")
    expect(ada.locator(".captions .current")).to_contain_text("Which gate?")
    ada.get_by_role("button", name="Hang up").click()
    expect(ben.locator(".past-call")).to_contain_text("+44 1632 960000")


@answered_by(voicemail)
def test_ben_declines_a_call_and_reads_the_message(phones):
    ada, ben = phones["Ada"], phones["Ben"]
    ada.get_by_role("button", name="Call").click()
    ben.get_by_role("button", name="Answer").click()
    expect(ben.locator(".captions .current")).to_contain_text("Press 1 to take it.")
    presses(ben, "2")
    expect(ada).to_contain_text("Recording…")
    says(ada, "Ada", "It is about the boat.")
    ada.get_by_role("button", name="hash").click()
    expect(ben.locator(".bubble .words")).to_contain_text("said: It is about the boat.")
    expect(ben.locator(".bubble audio")).to_have_count(1)


@answered_by(survey)
def test_survey_is_answered_by_keys_and_by_text(phones):
    ada, ben = phones["Ada"], phones["Ben"]
    ada.get_by_role("button", name="Call").click()
    presses(ada, "1")
    expect(ada.locator(".captions .current")).to_contain_text("Press a number, then the hash key.")
    writes(ben, "Ben", "Hello")
    expect(ben.locator(".bubble .words").last).to_have_text("Was the hall warm enough?")
    writes(ben, "Ben", "Yes")
    expect(ben.locator(".bubble .words").last).to_have_text("How many stars, from 1 to 5?")


@answered_by(pager)
def test_ada_declines_so_ben_is_paged(app, phones):
    with app.context():
        pager.alarm("The cellar is wet")
    phones["Ada"].get_by_role("button", name="Decline").click()
    phones["Ben"].get_by_role("button", name="Answer").click()
    presses(phones["Ben"], "1")
    expect(phones["Ada"].locator(".bubble .words")).to_have_text("Ben took: The cellar is wet")
