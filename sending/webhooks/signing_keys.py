"""Keys for Standard Webhooks signatures: their generation, formats and lengths.

A shared secret begins with whsec_, an Ed25519 private key with whsk_, and its public key with whpk_.
"""

import base64
import binascii
import secrets as randomness
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET_PREFIX, PRIVATE_KEY_PREFIX, PUBLIC_KEY_PREFIX = "whsec_", "whsk_", "whpk_"
SCHEME_HMAC, SCHEME_ED25519 = "v1", "v1a"
SECRET_LENGTH_BYTES = range(24, 65)  # required by the specification


class UnusableKey(ValueError):
    """A key that does not have the specification's format. The message never contains the key."""


def generate_secret() -> str:
    """Return a shared secret with 32 random bytes."""
    return SECRET_PREFIX + _encode(randomness.token_bytes(32))


def generate_private_key() -> str:
    """Return a private key for v1a: a 32-byte seed."""
    return PRIVATE_KEY_PREFIX + _encode(Ed25519PrivateKey.generate().private_bytes_raw())


def derive_public_key(private: str) -> str:
    """Return the `whpk_` key with which a receiver verifies this private key's signatures."""
    return PUBLIC_KEY_PREFIX + _encode(load_private_key(private).public_key().public_bytes_raw())


def scheme_of(key: str) -> str:
    """Return the scheme of this key's signatures: v1 or v1a."""
    return SCHEME_ED25519 if key.startswith((PRIVATE_KEY_PREFIX, PUBLIC_KEY_PREFIX)) else SCHEME_HMAC


def check_key(key: str) -> None:
    """Raise UnusableKey unless this key can verify signatures. Senders' secrets may have any length."""
    if scheme_of(key) == SCHEME_ED25519:
        load_public_key(key)
    elif not decode_key(key, SECRET_PREFIX):
        raise UnusableKey("A secret must not be empty.")


def require_secret_length(key: str) -> str:
    """Return the key. Raises UnusableKey if it is a shared secret that is too short or too long for signing."""
    if scheme_of(key) == SCHEME_HMAC and len(decode_key(key, SECRET_PREFIX)) not in SECRET_LENGTH_BYTES:
        raise UnusableKey("A secret must have 24 to 64 bytes.")
    return key


@cache
def load_public_key(key: str) -> Ed25519PublicKey:
    """Return the public key, or the one that belongs to a private key. Raises UnusableKey."""
    if key.startswith(PRIVATE_KEY_PREFIX):
        return load_private_key(key).public_key()
    raw = decode_key(key, PUBLIC_KEY_PREFIX)
    if len(raw) != 32:
        raise UnusableKey("A public key must have 32 bytes.")
    return Ed25519PublicKey.from_public_bytes(raw)


def load_private_key(key: str) -> Ed25519PrivateKey:
    """Return the private key. Raises UnusableKey.

    The public key may follow the seed: the specification does not say whether it must.
    """
    raw = decode_key(key, PRIVATE_KEY_PREFIX)
    if len(raw) not in (32, 64):
        raise UnusableKey("A private key must have 32 or 64 bytes.")
    private = Ed25519PrivateKey.from_private_bytes(raw[:32])
    if raw[32:] not in (b"", private.public_key().public_bytes_raw()):
        raise UnusableKey("The two halves of this private key do not belong together.")
    return private


def decode_key(key: str, prefix: str) -> bytes:
    """Return the bytes of a key that should have this prefix. Raises UnusableKey."""
    if not key.startswith(prefix):
        raise UnusableKey(f"A key must start with {SECRET_PREFIX}, {PRIVATE_KEY_PREFIX} or {PUBLIC_KEY_PREFIX}.")
    try:
        return base64.b64decode(key.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKey("A key must be Base64 after its prefix.") from None


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
