"""Phone numbers are looked up with Twilio's client."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from twilio.base.exceptions import TwilioRestException

from ringback.rest.lookups import look_up
from ringback.service.clock import Clock
from ringback.service.settings import Settings
from ringback.state import State
from support.exchange import NUMBER, SID, TOKEN


@pytest.fixture
def lookups(exchange):
    client = exchange.client()
    client.lookups.base_url = exchange.origin
    return client.lookups


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("+14155552671", ("+14155552671", "1", "US", "(415) 555-2671")),
        ("(415) 555-2671", ("+14155552671", "1", "US", "(415) 555-2671")),
        ("+447700900001", ("+447700900001", "44", "GB", "07700 900001")),
    ],
)
def test_lookup_returns_the_country(lookups, written, found):
    number = lookups.v2.phone_numbers(written).fetch()
    assert (number.phone_number, number.calling_country_code, number.country_code, number.national_format) == found
    assert (number.valid, number.validation_errors, number.line_type_intelligence) == (True, [], None)


def test_national_format_is_accepted(lookups):
    assert lookups.v2.phone_numbers("07700 900001").fetch(country_code="GB").phone_number == "+447700900001"


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ("+1415", "TOO_SHORT"),
        ("+141555526719999", "TOO_LONG"),
        ("+11155552671", "INVALID_BUT_POSSIBLE"),
        ("+999123456", "INVALID_COUNTRY_CODE"),
        ("hello", "NOT_A_NUMBER"),
    ],
)
def test_invalid_number_is_explained(lookups, written, error):
    number = lookups.v2.phone_numbers(written).fetch()
    assert (number.valid, number.validation_errors, number.national_format) == (False, [error], None)
    with pytest.raises(TwilioRestException) as caught:
        lookups.v1.phone_numbers(written).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_handset_is_a_mobile_with_a_caller_name(exchange, lookups, ada):
    exchange.post(ada.door, {"name": "Ada"})
    number = lookups.v2.phone_numbers(ada.number).fetch(fields="line_type_intelligence,caller_name,sim_swap")
    assert number.line_type_intelligence["type"] == "mobile"
    assert number.caller_name == {"caller_name": "Ada", "caller_type": "CONSUMER", "error_code": None}
    assert number.sim_swap == {"error_code": 60606}


def test_version_1_is_supported(lookups):
    number = lookups.v1.phone_numbers("+14155552671").fetch(type=["carrier"])
    assert (number.country_code, number.national_format) == ("US", "(415) 555-2671")
    assert number.carrier["type"] == "mobile"


@pytest.fixture(scope="module")
def state():
    return State(Settings(account_sid=SID, auth_token=TOKEN, number=NUMBER), Clock())


@settings(deadline=None, max_examples=80)
@given(
    written=some.text(max_size=20) | some.from_regex(r"\+[0-9]{1,17}", fullmatch=True), country=some.text(max_size=2)
)
def test_any_input_is_valid_or_explained(state, written, country):
    found = look_up(state, written, country)
    assert bool(found.errors) != bool(found.national)
