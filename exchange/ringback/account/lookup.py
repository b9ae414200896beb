"""What is known of a phone number: its country, how people there write it, and whether it can be one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ringback.state import State

# Ofcom's numbers for drama, which no network has; North America's are found valid as they are.
FICTIONAL_NUMBERS = re.compile(r"\+44(7700900|1632960)[0-9]{3}")
LENGTH_ERRORS = {1: "INVALID_COUNTRY_CODE", 2: "TOO_SHORT", 3: "TOO_LONG"}


@dataclass(frozen=True)
class LookupResult:
    """`errors` are Twilio's words for what is wrong; a number without any is valid."""

    number: str
    calling_code: str | None = None
    country: str | None = None
    national: str | None = None
    line: str | None = None
    errors: tuple[str, ...] = ()


def look_up(state: State, written: str, country: str) -> LookupResult:
    """A number in E.164 form, or as it is written in `country`. Whoever has a phone here has a valid number."""
    import phonenumbers  # its tables take a fifth of a second, which only those who look something up need spend

    try:
        read = phonenumbers.parse(written, country or "US")
    except phonenumbers.NumberParseException as reason:
        bad_country = reason.error_type == reason.INVALID_COUNTRY_CODE and written.startswith("+")
        return LookupResult(written, errors=("INVALID_COUNTRY_CODE" if bad_country else "NOT_A_NUMBER",))
    number = phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
    about: dict[str, Any] = {
        "calling_code": str(read.country_code),
        "country": phonenumbers.region_code_for_number(read) or _country_of(phonenumbers, read),
        "national": phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.NATIONAL),
    }
    if error := _error(state, phonenumbers, read, number):
        return LookupResult(number, about["calling_code"], about["country"], errors=(error,))
    return LookupResult(number, **about, line=_line(phonenumbers, read))


def _country_of(phonenumbers: Any, read: Any) -> str:
    """The main one of those that share a calling code: what is no valid number belongs to none of them."""
    return str(phonenumbers.region_code_for_country_code(read.country_code))


def _error(state: State, phonenumbers: Any, read: Any, number: str) -> str | None:
    reason = phonenumbers.is_possible_number_with_reason(read)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return LENGTH_ERRORS.get(reason, "INVALID_LENGTH")
    known = number in state.handsets or number in state.numbers or FICTIONAL_NUMBERS.fullmatch(number)
    return None if known or phonenumbers.is_valid_number(read) else "INVALID_BUT_POSSIBLE"


def _line(phonenumbers: Any, read: Any) -> str:
    """The kind of line, in Twilio's words; phones here get texts, so what may be one is a mobile."""
    kinds = phonenumbers.PhoneNumberType
    named = {
        kinds.FIXED_LINE: "landline",
        kinds.TOLL_FREE: "tollFree",
        kinds.PREMIUM_RATE: "premium",
        kinds.SHARED_COST: "sharedCost",
        kinds.VOIP: "nonFixedVoip",
        kinds.PERSONAL_NUMBER: "personal",
        kinds.PAGER: "pager",
        kinds.UAN: "uan",
        kinds.VOICEMAIL: "voicemail",
    }
    return named.get(phonenumbers.number_type(read), "mobile")
