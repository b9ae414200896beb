"""Which addresses are people's phone numbers, and which of these can receive texts.

An address is a phone number, optionally with a channel: +447700900100, whatsapp:+447700900100.
"""

import functools
import re

import phonenumbers
from phonenumbers import PhoneNumberType

NON_TEXT_NUMBER_TYPES = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
)
CHANNELS_WITHOUT_NUMBERS = ("client", "sip", "sips")
KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
# If a caller withholds the number, Twilio sends one of these words, or the digits that spell it on a keypad, as in
# +266696687 for "anonymous".
WITHHELD_WORDS = ("anonymous", "blocked", "private", "restricted", "unavailable", "unknown", "withheld")
WITHHELD_DIGITS = {prefix + word.translate(KEYPAD) for word in WITHHELD_WORDS for prefix in ("", "1")}


# Ofcom reserves these numbers for drama, so no phone has them.
BROWSER_PHONE_PATTERN = re.compile(r"\+447700900\d{3}")


def is_browser_phone(address: str) -> bool:
    """Return whether the number is reserved for phones in the browser."""
    return bool(BROWSER_PHONE_PATTERN.fullmatch(address))


def phone_number_of(address: str) -> str:
    """Return the E.164 number in an address, without the channel; "" if the address contains no person's number."""
    channel, _, number = address.rpartition(":")
    if channel in CHANNELS_WITHOUT_NUMBERS or not number.startswith("+") or number[1:] in WITHHELD_DIGITS:
        return ""
    return number if _parse(number) else ""


def answerable(address: str) -> str:
    """Return the address, such as whatsapp:+447700900123, if we can reply to it; "" if not."""
    return address if phone_number_of(address) else ""


def can_be_texted(address: str) -> bool:
    """Return False for number types that cannot receive texts. Twilio may still refuse others (error 21614)."""
    parsed = _parse(phone_number_of(address))
    return parsed is not None and (":" in address or phonenumbers.number_type(parsed) not in NON_TEXT_NUMBER_TYPES)


@functools.lru_cache(maxsize=10_000)  # each person in an audience texts several times; a full cache takes 5 MB
def _parse(number: str) -> phonenumbers.PhoneNumber | None:
    """Return the parsed number, or None if no number in its country has this length."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_possible_number(parsed) else None
