"""Looks up a phone number: its country, national format, line type and validity.

https://www.twilio.com/docs/lookup/v2-api (2026-11)"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ringback.state import State

# Ofcom reserves these for fiction, so phonenumbers rejects them. It accepts the North American equivalents (555-01xx).
FICTIONAL_NUMBERS = re.compile(r"\+44(7700900|1632960)[0-9]{3}")
LENGTH_ERRORS = {1: "INVALID_COUNTRY_CODE", 2: "TOO_SHORT", 3: "TOO_LONG"}


@dataclass(frozen=True)
class LookupResult:
    """`errors` are Twilio's validation errors; the number is valid if there are none. `line` is the line type."""

    number: str
    calling_code: str | None = None
    country: str | None = None
    national: str | None = None
    line: str | None = None
    errors: tuple[str, ...] = ()


def look_up(state: State, text: str, country: str) -> LookupResult:
    """Look up a number in E.164 format or in the national format of `country`.

    The numbers of handsets and the account's numbers are always valid."""
    import phonenumbers  # imported here, because loading its tables takes 0.2 seconds

    try:
        parsed = phonenumbers.parse(text, country or "US")
    except phonenumbers.NumberParseException as error:
        bad_country = error.error_type == error.INVALID_COUNTRY_CODE and text.startswith("+")
        return LookupResult(text, errors=("INVALID_COUNTRY_CODE" if bad_country else "NOT_A_NUMBER",))
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    fields: dict[str, Any] = {
        "calling_code": str(parsed.country_code),
        "country": phonenumbers.region_code_for_number(parsed) or _main_country(phonenumbers, parsed),
        "national": phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL),
    }
    if code := _validation_error(state, phonenumbers, parsed, number):
        return LookupResult(number, fields["calling_code"], fields["country"], errors=(code,))
    return LookupResult(number, **fields, line=_line_type(phonenumbers, parsed))


def _main_country(phonenumbers: Any, parsed: Any) -> str:
    """The main country of a shared calling code, for a number that is valid in none of its countries."""
    return str(phonenumbers.region_code_for_country_code(parsed.country_code))


def _validation_error(state: State, phonenumbers: Any, parsed: Any, number: str) -> str | None:
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return LENGTH_ERRORS.get(reason, "INVALID_LENGTH")
    is_accepted = number in state.handsets or number in state.numbers or FICTIONAL_NUMBERS.fullmatch(number)
    return None if is_accepted or phonenumbers.is_valid_number(parsed) else "INVALID_BUT_POSSIBLE"


def _line_type(phonenumbers: Any, parsed: Any) -> str:
    """Twilio's line type. Numbers that could be mobile count as mobile, since every handset here receives messages."""
    types = phonenumbers.PhoneNumberType
    names = {
        types.FIXED_LINE: "landline",
        types.TOLL_FREE: "tollFree",
        types.PREMIUM_RATE: "premium",
        types.SHARED_COST: "sharedCost",
        types.VOIP: "nonFixedVoip",
        types.PERSONAL_NUMBER: "personal",
        types.PAGER: "pager",
        types.UAN: "uan",
        types.VOICEMAIL: "voicemail",
    }
    return names.get(phonenumbers.number_type(parsed), "mobile")
