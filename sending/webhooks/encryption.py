"""Encrypts secrets before they are stored in Redis, with keys derived from SECRET_KEY."""

import base64
from collections.abc import Iterable
from typing import NewType

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# Differs from the salt for the presenter's cookie, so that the two keys differ. Changing it invalidates stored secrets.
KEY_DERIVATION_INFO = b"call-and-response: endpoint secrets"
Encrypted = NewType("Encrypted", str)
"""A Fernet token: safe to store and to log."""


class WrongKey(Exception):
    """No value of SECRET_KEY can decrypt the token."""

    def __init__(self) -> None:
        super().__init__(
            "SECRET_KEY has changed since this was encrypted: set it to the new and old values, separated by a comma."
        )


class Encryption:
    """Encrypts with the first value of SECRET_KEY, and decrypts with any of them."""

    def __init__(self, secret_keys: Iterable[str]) -> None:
        newest, *older = [Fernet(_derive_key(key)) for key in secret_keys]
        self._newest, self._any = newest, MultiFernet([newest, *older])

    def encrypt(self, text: str) -> Encrypted:
        """Return the text encrypted with the newest key."""
        return Encrypted(self._newest.encrypt(text.encode()).decode())

    def decrypt(self, token: Encrypted) -> str:
        """Return the plain text. Raises WrongKey if the token was encrypted with none of the keys."""
        try:
            return self._any.decrypt(token.encode()).decode()
        except InvalidToken:
            raise WrongKey from None

    def reencrypt(self, token: Encrypted) -> Encrypted:
        """Return the same text encrypted with the newest key. Raises WrongKey."""
        return self.encrypt(self.decrypt(token))


def _derive_key(secret_key: str) -> bytes:
    return base64.urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=KEY_DERIVATION_INFO).derive(secret_key.encode()))
