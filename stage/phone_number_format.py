"""Formats phone numbers for people."""

import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import phonenumbers

WHATSAPP = "whatsapp:"


@dataclass(frozen=True)
class ShownNumber:
    """A phone number as it is shown. `country` is the country's name, such as `United States`; "" if it is unknown."""

    e164: str
    spoken: str
    country: str


def format_phone_number(number: str) -> str:
    """The number in international format, such as `+44 7700 900100`, or `WhatsApp +44 7700 900100`."""
    if number.startswith(WHATSAPP):
        return f"WhatsApp {format_phone_number(number.removeprefix(WHATSAPP))}"
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def country_of(number: str) -> str:
    """The name of the number's country; if that is unclear, of the main country with its country code."""
    try:
        parsed = phonenumbers.parse(number.removeprefix(WHATSAPP))
    except phonenumbers.NumberParseException:
        return ""
    code = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return _country_names().get(code or "", "")


def list_numbers(numbers: Iterable[str]) -> list[ShownNumber]:
    """The numbers as they are shown, in the same order."""
    return [ShownNumber(number, format_phone_number(number), country_of(number)) for number in numbers]


@cache
def _country_names() -> dict[str, str]:
    """English names by ISO 3166 code, from the time zone database: phonenumbers' own names take 190 MB of memory."""
    text = importlib.resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text("utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines() if not line.startswith("#"))
