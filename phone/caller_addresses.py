"""The addresses of people who text and call. Some callers withhold theirs; show/contributions.py identifies people."""

from masking import mask
from receiving.delivery import Delivery
from sending.number_types import phone_number_of

WITHHELD = "a withheld number"


def address_of(delivery: Delivery) -> str:
    """Return the address that can be answered, such as +447700900123 or whatsapp:+447700900123; "" if there is none."""
    return delivery["From"] if phone_number_of(delivery["From"]) else ""


def masked_address_of(delivery: Delivery) -> str:
    """Return the address as it is shown to the audience."""
    return mask(delivery["From"]) if address_of(delivery) else WITHHELD
