"""The phone numbers of the people whom the presenter may call, such as a raffle's entrants: encrypted, in one place."""

from collections.abc import Sequence
from typing import cast

from sending.webhooks.encryption import Encrypted, Encryption, WrongKey
from store import Pipe, Store

NUMBERS_KEY = "show:numbers"  # hash: person -> encrypted phone number
SECONDS_PER_DAY = 24 * 3600


def remember(pipe: Pipe, secret_keys: Sequence[str], person: str, number: str, days: int) -> None:
    """Store the number on this pipeline. All numbers expire this many days after the last contribution."""
    pipe.execute_command("HSETNX", NUMBERS_KEY, person, Encryption(secret_keys).encrypt(number))
    pipe.execute_command("EXPIRE", NUMBERS_KEY, max(1, days) * SECONDS_PER_DAY)


def load(store: Store, secret_keys: Sequence[str], person: str) -> str:
    """Return the person's number, or "" if it is unknown, has been purged, or no SECRET_KEY can decrypt it any more."""
    found = store.hget(NUMBERS_KEY, person)
    try:
        return Encryption(secret_keys).decrypt(cast(Encrypted, found.decode())) if found else ""
    except WrongKey:
        return ""
