"""Which phone numbers can receive texts, according to their country's numbering plan."""

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


def can_be_texted(number: str) -> bool:
    """Return False for number types that cannot receive texts. Twilio may still refuse others (error 21614)."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) not in NON_TEXT_NUMBER_TYPES
