"""Standard Webhooks' signatures: v1 (a shared secret) and v1a (ed25519), with several keys during a rotation.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET_PREFIX, PRIVATE_KEY_PREFIX, PUBLIC_KEY_PREFIX = "whsec_", "whsk_", "whpk_"
SCHEME_HMAC, SCHEME_ED25519 = "v1", "v1a"
BODY_SIGNATURE_HEADER = "X-Hub-Signature-256"
SECRET_LENGTH_BYTES = range(24, 65)  # as the specification asks


class UnusableKey(ValueError):
    """A key that is not written as the specification says; the message never holds the key."""


def generate_secret() -> str:
    """A shared secret of 32 random bytes."""
    return SECRET_PREFIX + _encode(randomness.token_bytes(32))


def generate_private_key() -> str:
    """A private key for v1a: the 32-byte seed."""
    return PRIVATE_KEY_PREFIX + _encode(Ed25519PrivateKey.generate().private_bytes_raw())


def derive_public_key(private: str) -> str:
    """What a receiver needs to check the signatures made with this private key."""
    return PUBLIC_KEY_PREFIX + _encode(_load_private_key(private).public_key().public_bytes_raw())


def sign(id: str, timestamp: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The three headers of one attempt at message `id`; `timestamp` is the attempt's, in Unix seconds.

    Every key signs, so that a receiver may know the old one or the new one. The id must not hold a full stop.
    """
    if "." in id:
        raise ValueError("A message id with a full stop could be read in two ways.")
    content = b"%s.%d.%s" % (id.encode(), timestamp, body)
    signed = " ".join(_sign_with(key, content) for key in keys)
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": signed}


def sign_body_only(body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """GitHub's and WebSub's signature, for receivers that cannot put id, time and body together.

    The key is the secret as it is written, `whsec_` and all. It proves neither when nor how often the message was sent.
    During a rotation there are several, with commas between them. https://www.w3.org/TR/websub/#signing-content
    """
    shared = [key for key in keys if scheme_of(key) == SCHEME_HMAC]
    signed = [f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}" for key in shared]
    return {BODY_SIGNATURE_HEADER: ",".join(signed)} if signed else {}


def scheme_of(key: str) -> str:
    """How this key signs: v1 or v1a."""
    return SCHEME_ED25519 if key.startswith(PRIVATE_KEY_PREFIX) else SCHEME_HMAC


def _sign_with(key: str, content: bytes) -> str:
    if scheme_of(key) == SCHEME_ED25519:
        return "v1a," + _encode(_load_private_key(key).sign(content))
    return "v1," + _encode(hmac.new(_decode_secret(key), content, hashlib.sha256).digest())


def _decode_secret(key: str) -> bytes:
    secret = _decode(key, SECRET_PREFIX)
    if len(secret) not in SECRET_LENGTH_BYTES:
        raise UnusableKey("A secret has 24 to 64 bytes.")
    return secret


def _load_private_key(key: str) -> Ed25519PrivateKey:
    """From the seed, or from seed and public key together: the specification does not say which is written."""
    both = _decode(key, PRIVATE_KEY_PREFIX)
    if len(both) not in (32, 64):
        raise UnusableKey("A private key has 32 or 64 bytes.")
    signer = Ed25519PrivateKey.from_private_bytes(both[:32])
    if both[32:] not in (b"", signer.public_key().public_bytes_raw()):
        raise UnusableKey("The two halves of this private key don't belong together.")
    return signer


def _decode(key: str, prefix: str) -> bytes:
    if not key.startswith(prefix):
        raise UnusableKey(f"A key begins with {SECRET_PREFIX} or {PRIVATE_KEY_PREFIX}.")
    try:
        return base64.b64decode(key.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKey("A key is written in base64 after its prefix.") from None


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
