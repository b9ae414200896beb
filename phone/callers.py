"""The people who text and call. Those who withhold their number are unknown: each of their calls is another person."""

from context import settings
from masking import alias, mask
from receiving.delivery import Delivery
from sending.number_types import phone_number_of

WITHHELD = "a withheld number"


def address_of(delivery: Delivery) -> str:
    """Return the address that can be answered, such as +447700900123 or whatsapp:+447700900123; "" if there is none."""
    return delivery["From"] if phone_number_of(delivery["From"]) else ""


def masked_address_of(delivery: Delivery) -> str:
    """Return the address as it is shown to the audience."""
    return mask(delivery["From"]) if address_of(delivery) else WITHHELD


def alias_of(delivery: Delivery) -> str:
    """Return an alias for the person: the same on each channel, and for each call if the number is withheld."""
    identity = phone_number_of(delivery["From"]) or delivery["CallSid"] or delivery["MessageSid"]
    return alias(identity, settings().secret_key[0])
