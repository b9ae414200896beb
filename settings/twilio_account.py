"""Parses the settings of the Twilio account: its SID, our phone numbers, and the rate of each."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import phonenumbers
from phonenumbers import ValidationResult

MAX_NUMBERS = 50
PROBLEMS = {
    ValidationResult.INVALID_COUNTRY_CODE: "has no known country code",
    ValidationResult.TOO_SHORT: "is too short",
    ValidationResult.TOO_LONG: "is too long",
    ValidationResult.INVALID_LENGTH: "has the wrong length",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
}


class Senders:
    """The part of the settings that concerns the addresses from which we send; "" stands for the default number.

    An address is one of our numbers, optionally with a channel, such as whatsapp:+447700900100.
    """

    twilio_phone_number: tuple[str, ...]
    sender_segments_per_second: tuple[int, ...]

    @property
    def default_number(self) -> str:
        """The number from which everything except replies is sent."""
        return self.twilio_phone_number[0]

    def sender_for(self, address: str) -> str:
        """Return the sender of our replies to texts and calls that came to this address."""
        return "" if address == self.default_number else address

    def sender_rate(self, sender: str) -> int:
        """Return how many segments this sender may send per second; the first rate if the sender is not listed."""
        rates, number = self.sender_segments_per_second, sender.rpartition(":")[2]
        is_listed = len(rates) > 1 and number in self.twilio_phone_number
        return rates[self.twilio_phone_number.index(number)] if is_listed else rates[0]


def parse_account_sid(text: str) -> str:
    """Return the account SID. Raises ValueError if the text is not one."""
    if not re.fullmatch("AC[0-9a-f]{32}", text):
        raise ValueError("must be AC and 32 hexadecimal digits, as shown in Twilio's console")
    return text


def parse_phone_numbers(text: str) -> tuple[str, ...]:
    """Return comma-separated numbers in E.164 format. Raises ValueError, which names the first invalid number."""
    numbers = tuple(parse_phone_number(part.strip()) for part in text.split(",") if part.strip())
    if not numbers or len(numbers) > MAX_NUMBERS:
        raise ValueError(f"must contain 1 to {MAX_NUMBERS} numbers")
    if twice := [number for number in numbers if numbers.count(number) > 1]:
        raise ValueError(f"contains {twice[0]} twice")
    return numbers


def parse_rates(text: str) -> tuple[int, ...]:
    """Return comma-separated whole numbers of at least 1."""
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("[1-9][0-9]{0,5}", part) for part in parts):
        raise ValueError("must be a whole number of at least 1, or one for each number in TWILIO_PHONE_NUMBER: 1,10")
    return tuple(map(int, parts))


def find_surplus_rates(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence if there are several rates, unless every number has its own rate."""
    numbers, rates = values.get("twilio_phone_number", ()), values.get("sender_segments_per_second", ())
    if numbers and len(rates) > 1 and len(rates) != len(numbers):
        yield (
            f"SENDER_SEGMENTS_PER_SECOND has {len(rates)} values and TWILIO_PHONE_NUMBER {len(numbers)}: give one "
            "value, or one for each number in the same order."
        )


def parse_phone_number(text: str) -> str:
    """Return a number in E.164 format. Raises ValueError, which says what is wrong with it."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"must be in E.164 format, a plus sign and digits, not {text[:20]}") from error
    result = phonenumbers.is_possible_number_with_reason(number)
    if result != ValidationResult.IS_POSSIBLE:
        raise ValueError(f"{PROBLEMS.get(result, 'is not valid')}: {text[:20]}. Copy it from Twilio's console")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
