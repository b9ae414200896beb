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

SHARED, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
SCHEME_SHARED, SCHEME_PRIVATE = "v1", "v1a"
BODY_ALONE = "X-Hub-Signature-256"
SECRET_BYTES = range(24, 65)  # as the specification asks


class UnusableKey(ValueError):
    """A key that is not written as the specification says; the message never holds the key."""


def new_secret() -> str:
    """A shared secret of 32 random bytes."""
    return SHARED + _text(randomness.token_bytes(32))


def new_private_key() -> str:
    """A private key for v1a: the 32-byte seed."""
    return PRIVATE + _text(Ed25519PrivateKey.generate().private_bytes_raw())


def public_key(private: str) -> str:
    """What a receiver needs to check the signatures made with this private key."""
    return PUBLIC + _text(_signer(private).public_key().public_bytes_raw())


def headers(id: str, timestamp: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The three headers of one attempt at message `id`; `timestamp` is the attempt's, in Unix seconds.

    Every key signs, so that a receiver may know the old one or the new one. The id must not hold a full stop.
    """
    if "." in id:
        raise ValueError("A message id with a full stop could be read in two ways.")
    content = b"%s.%d.%s" % (id.encode(), timestamp, body)
    signed = " ".join(_signature(key, content) for key in keys)
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": signed}


def body_alone(body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """GitHub's and WebSub's signature, for receivers that cannot put id, time and body together.

    The key is the secret as it is written, `whsec_` and all. It proves neither when nor how often the message was sent.
    During a rotation there are several, with commas between them. https://www.w3.org/TR/websub/#signing-content
    """
    shared = [key for key in keys if scheme(key) == SCHEME_SHARED]
    signed = [f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}" for key in shared]
    return {BODY_ALONE: ",".join(signed)} if signed else {}


def scheme(key: str) -> str:
    """How this key signs: v1 or v1a."""
    return SCHEME_PRIVATE if key.startswith(PRIVATE) else SCHEME_SHARED


def _signature(key: str, content: bytes) -> str:
    if scheme(key) == SCHEME_PRIVATE:
        return "v1a," + _text(_signer(key).sign(content))
    return "v1," + _text(hmac.new(_secret(key), content, hashlib.sha256).digest())


def _secret(key: str) -> bytes:
    secret = _bytes(key, SHARED)
    if len(secret) not in SECRET_BYTES:
        raise UnusableKey("A secret has 24 to 64 bytes.")
    return secret


def _signer(key: str) -> Ed25519PrivateKey:
    """From the seed, or from seed and public key together: the specification does not say which is written."""
    both = _bytes(key, PRIVATE)
    if len(both) not in (32, 64):
        raise UnusableKey("A private key has 32 or 64 bytes.")
    signer = Ed25519PrivateKey.from_private_bytes(both[:32])
    if both[32:] not in (b"", signer.public_key().public_bytes_raw()):
        raise UnusableKey("The two halves of this private key don't belong together.")
    return signer


def _bytes(key: str, prefix: str) -> bytes:
    if not key.startswith(prefix):
        raise UnusableKey(f"A key begins with {SHARED} or {PRIVATE}.")
    try:
        return base64.b64decode(key.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKey("A key is written in base64 after its prefix.") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
