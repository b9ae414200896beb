"""What the store keeps and only we may read is sealed there, with keys that are made from SECRET_KEY."""

import base64
from collections.abc import Iterable
from typing import NewType

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_DERIVATION_INFO = (
    b"call-and-response: what subscribers entrust to us"  # the presenter's cookie is signed with another key
)
Encrypted = NewType("Encrypted", str)
"""A value that may lie in the store and in a log: it tells nothing without SECRET_KEY."""


class WrongKey(Exception):
    """No value of SECRET_KEY opens it; the sentence says what is wrong and what mends it."""

    def __init__(self) -> None:
        super().__init__(
            "SECRET_KEY has changed since this was sealed: set it to the new value and the old one, comma separated."
        )


class Encryption:
    """Closes with the newest value of SECRET_KEY, opens with any of them."""

    def __init__(self, secret_keys: Iterable[str]) -> None:
        newest, *older = [Fernet(_derive_key(key)) for key in secret_keys]
        self._newest, self._any = newest, MultiFernet([newest, *older])

    def close(self, text: str) -> Encrypted:
        """The text, for the store."""
        return Encrypted(self._newest.encrypt(text.encode()).decode())

    def open(self, sealed: Encrypted) -> str:
        """The text again. WrongKey when it was sealed with a key that is not among ours."""
        try:
            return self._any.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise WrongKey from None

    def renew(self, sealed: Encrypted) -> Encrypted:
        """The same, sealed with the newest key, so that the older ones may go."""
        return self.close(self.open(sealed))


def _derive_key(secret_key: str) -> bytes:
    return base64.urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=KEY_DERIVATION_INFO).derive(secret_key.encode()))
