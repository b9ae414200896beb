"""Formats phone numbers for people."""

import phonenumbers


def format_phone_number(number: str) -> str:
    """The number in international format, such as `+44 7700 900100`."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number
