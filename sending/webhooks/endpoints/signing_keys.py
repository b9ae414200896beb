"""Generates the signing keys of endpoints."""

from sending.webhooks import signatures
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints.endpoint_model import SigningKey


def generate(encryption: Encryption, private: bool = False) -> SigningKey:
    """Return a new shared secret, or with `private` an Ed25519 key."""
    key = signatures.generate_private_key() if private else signatures.generate_secret()
    return SigningKey(encryption.encrypt(key), signatures.scheme_of(key))
