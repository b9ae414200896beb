"""Standard Webhooks signatures: v1 (HMAC with a shared secret) and v1a (Ed25519), made and verified.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

import cryptography.exceptions

from sending.webhooks.signing_keys import (
    SCHEME_ED25519,
    SCHEME_HMAC,
    SECRET_PREFIX,
    decode_key,
    load_private_key,
    load_public_key,
    require_secret_length,
    scheme_of,
)

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
BODY_SIGNATURE_HEADER = "X-Hub-Signature-256"


def sign(id: str, timestamp: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """Return the three headers for one attempt to send message `id`. `timestamp` is the attempt's Unix timestamp.

    Every key signs, so that a receiver may have the old or the new one. Raises UnusableKey, or ValueError if the id
    contains a full stop.
    """
    if "." in id:
        raise ValueError("A message id must not contain a full stop, which separates the signed parts.")
    content = signed_content(id, str(timestamp), body)
    signed = " ".join(make_signature(key, content) for key in map(require_secret_length, keys))
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
        return f"{SCHEME_ED25519},{_encode(load_private_key(key).sign(content))}"
    return f"{SCHEME_HMAC},{_hmac(key, content)}"


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
    public = load_public_key(key)
    try:
        public.verify(decode_base64(signature), content)
    except (cryptography.exceptions.InvalidSignature, ValueError):
        return False
    return True


def _hmac(key: str, content: bytes) -> str:
    return _encode(hmac.new(decode_key(key, SECRET_PREFIX), content, hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
