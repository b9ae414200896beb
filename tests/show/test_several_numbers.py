"""Several numbers on the stage and on the presenter's pages: each with its country, and its rate."""

from dataclasses import replace

import pytest

from app import create_app
from stage.phone_number_format import country_of, format_phone_number
from tests.support.environment import PRESENTER_PASSWORD
from tests.support.person import PUBLIC_URL
from tests.support.presenter import Presenter

NUMBERS = ("+447700900100", "+12025550123", "+493023125123")


@pytest.fixture
def several(settings, redis):
    return create_app(replace(settings, twilio_phone_number=NUMBERS, sender_segments_per_second=(1, 10, 5)), redis)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+447700900100", "Britain (UK)"),
        ("+12025550123", "United States"),
        ("+14165550123", "Canada"),
        ("+493023125123", "Germany"),
        ("whatsapp:+33639980000", "France"),
        ("+80012345678", ""),
        ("no number", ""),
    ],
)
def test_country_of_a_number(number, country):
    assert country_of(number) == country


def test_address_on_whatsapp_is_shown_as_such():
    assert format_phone_number("whatsapp:+447700900100") == "WhatsApp +44 7700 900100"


def test_stage_shows_the_other_numbers_with_their_countries(several):
    page = several.test_client().get("/").text
    assert "Call or text · Britain (UK)" in page
    assert '<li>United States <a href="tel:+12025550123">+1 202-555-0123</a></li>' in page
    assert '<li>Germany <a href="tel:+493023125123">+49 30 23125123</a></li>' in page


def test_stage_of_one_number_names_no_country(app):
    page = app.test_client().get("/").text
    assert "Britain" not in page
    assert 'class="numbers"' not in page


def test_presenter_sees_each_number_with_its_country_and_rate(several):
    presenter = Presenter(several, base_url=PUBLIC_URL)
    presenter.tries(PRESENTER_PASSWORD)
    page = presenter.get("/present/health").text
    for row in (
        '<th scope="row">+44 7700 900100</th><td>Britain (UK)</td><td>1</td><td>0</td>',
        '<th scope="row">+1 202-555-0123</th><td>United States</td><td>10</td><td>0</td>',
        '<th scope="row">+49 30 23125123</th><td>Germany</td><td>5</td><td>0</td>',
    ):
        assert row in page
