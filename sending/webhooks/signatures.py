"""Standard Webhooks signatures: v1 (HMAC with a shared secret) and v1a (Ed25519), made and verified.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Iterable
from functools import cache

import cryptography.exceptions
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET_PREFIX, PRIVATE_KEY_PREFIX, PUBLIC_KEY_PREFIX = "whsec_", "whsk_", "whpk_"
SCHEME_HMAC, SCHEME_ED25519 = "v1", "v1a"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
BODY_SIGNATURE_HEADER = "X-Hub-Signature-256"
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
    return PUBLIC_KEY_PREFIX + _encode(_load_private_key(private).public_key().public_bytes_raw())


def scheme_of(key: str) -> str:
    """Return the scheme of this key's signatures: v1 or v1a."""
    return SCHEME_ED25519 if key.startswith((PRIVATE_KEY_PREFIX, PUBLIC_KEY_PREFIX)) else SCHEME_HMAC


def sign(id: str, timestamp: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """Return the three headers for one attempt to send message `id`. `timestamp` is the attempt's Unix timestamp.

    Every key signs, so that a receiver may have the old or the new one. Raises UnusableKey, or ValueError if the id
    contains a full stop.
    """
    if "." in id:
        raise ValueError("A message id must not contain a full stop, which separates the signed parts.")
    content = signed_content(id, str(timestamp), body)
    signed = " ".join(make_signature(key, content) for key in map(_require_secret_length, keys))
    return dict(zip(HEADERS, (id, str(timestamp), signed), strict=True))


def sign_body_only(body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """Return the signature header used by GitHub and WebSub, for receivers that can only verify an HMAC of the body.

    The HMAC key is the secret as written, including `whsec_`. The signature covers neither the id nor the time. During
    rotation, there are several comma-separated signatures. See https://www.w3.org/TR/websub/#signing-content.
    """
    shared = [key for key in keys if scheme_of(key) == SCHEME_HMAC]
    signed = [f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}" for key in shared]
    return {BODY_SIGNATURE_HEADER: ",".join(signed)} if signed else {}


def is_signed(content: bytes, signatures: str, keys: Iterable[str]) -> bool:
    """Return whether one of these space-separated signatures of `content` was made with one of the keys.

    The key, not the signature, decides the scheme. Raises UnusableKey.
    """
    given = [one.partition(",")[::2] for one in signatures.split()]
    return any(_is_valid(key, scheme, signature, content) for key in keys for scheme, signature in given)


def signed_content(id: str, timestamp: str, body: bytes) -> bytes:
    """Return the signed content: the id, the timestamp and the raw body, separated by full stops."""
    return f"{id}.{timestamp}.".encode("utf-8", "replace") + body


def make_signature(key: str, content: bytes) -> str:
    """Return one signature with its scheme: `v1,…` or `v1a,…`. Raises UnusableKey."""
    if scheme_of(key) == SCHEME_ED25519:
        return f"{SCHEME_ED25519},{_encode(_load_private_key(key).sign(content))}"
    return f"{SCHEME_HMAC},{_hmac(key, content)}"


def check_key(key: str) -> None:
    """Raise UnusableKey unless this key can verify signatures. Senders' secrets may have any length."""
    if scheme_of(key) == SCHEME_ED25519:
        _load_public_key(key)
    elif not _decode(key, SECRET_PREFIX):
        raise UnusableKey("A secret must not be empty.")


def decode_base64(text: str) -> bytes:
    """Return the decoded bytes. Raises ValueError unless the Base64 is canonical: RFC 4648, section 3.5."""
    data = base64.b64decode(text, validate=True)
    if _encode(data) != text:
        raise ValueError("not canonical Base64")
    return data


def _is_valid(key: str, scheme: str, signature: str, content: bytes) -> bool:
    if scheme != scheme_of(key):
        return False
    if scheme == SCHEME_HMAC:
        return hmac.compare_digest(signature.encode("utf-8", "replace"), _hmac(key, content).encode())
    public = _load_public_key(key)
    try:
        public.verify(decode_base64(signature), content)
    except (cryptography.exceptions.InvalidSignature, ValueError):
        return False
    return True


def _hmac(key: str, content: bytes) -> str:
    return _encode(hmac.new(_decode(key, SECRET_PREFIX), content, hashlib.sha256).digest())


def _require_secret_length(key: str) -> str:
    if scheme_of(key) == SCHEME_HMAC and len(_decode(key, SECRET_PREFIX)) not in SECRET_LENGTH_BYTES:
        raise UnusableKey("A secret must have 24 to 64 bytes.")
    return key


@cache
def _load_public_key(key: str) -> Ed25519PublicKey:
    if key.startswith(PRIVATE_KEY_PREFIX):
        return _load_private_key(key).public_key()
    raw = _decode(key, PUBLIC_KEY_PREFIX)
    if len(raw) != 32:
        raise UnusableKey("A public key must have 32 bytes.")
    return Ed25519PublicKey.from_public_bytes(raw)


def _load_private_key(key: str) -> Ed25519PrivateKey:
    """Accept the seed with or without the public key after it: the specification does not say which is meant."""
    raw = _decode(key, PRIVATE_KEY_PREFIX)
    if len(raw) not in (32, 64):
        raise UnusableKey("A private key must have 32 or 64 bytes.")
    private = Ed25519PrivateKey.from_private_bytes(raw[:32])
    if raw[32:] not in (b"", private.public_key().public_bytes_raw()):
        raise UnusableKey("The two halves of this private key do not belong together.")
    return private


def _decode(key: str, prefix: str) -> bytes:
    if not key.startswith(prefix):
        raise UnusableKey(f"A key must start with {SECRET_PREFIX}, {PRIVATE_KEY_PREFIX} or {PUBLIC_KEY_PREFIX}.")
    try:
        return base64.b64decode(key.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKey("A key must be Base64 after its prefix.") from None


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
