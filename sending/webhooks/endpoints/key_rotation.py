"""Rotates the signing keys of endpoints, and re-encrypts their secrets when SECRET_KEY is rotated."""

import time
from dataclasses import replace

from sending.webhooks.encryption import Encrypted, Encryption, WrongKey
from sending.webhooks.endpoints.endpoint_options import SigningKey, WebhookEndpoint, check_scheme
from sending.webhooks.endpoints.stored_endpoints import generate_key, update_record
from store import Store

KEY_OVERLAP_SECONDS = 24 * 3600  # during which an old key continues to sign, unless another time is given
MAX_OVERLAP_SECONDS = 7 * 24 * 3600


def rotate_key(
    redis: Store,
    encryption: Encryption,
    id: str,
    *,
    private: bool = False,
    now: float | None = None,
    overlap: float = KEY_OVERLAP_SECONDS,
) -> WebhookEndpoint:
    """Add a new key; the current ones keep signing for another `overlap` seconds. `private` creates an Ed25519 key.

    Current keys that cannot be decrypted are removed. Raises EndpointNotFound.
    """
    now, new_key = now or time.time(), generate_key(encryption, private)

    def rotate(known: WebhookEndpoint) -> WebhookEndpoint:
        usable = [key for key in known.keys if _is_decryptable(encryption, key)]
        old = [key if key.expires_at else replace(key, expires_at=now + overlap) for key in usable]
        return check_scheme(replace(known, keys=(new_key, *(key for key in old if key.expires_at > now))))

    return update_record(redis, id, "rotated", rotate)


def reencrypt(redis: Store, encryption: Encryption, id: str) -> WebhookEndpoint:
    """Re-encrypt all secrets with the newest SECRET_KEY.

    Raises WrongKey if a secret cannot be decrypted, or EndpointNotFound.
    """

    def reencrypt_all(known: WebhookEndpoint) -> WebhookEndpoint:
        authorization = encryption.reencrypt(Encrypted(known.authorization)) if known.authorization else ""
        headers = tuple((name, encryption.reencrypt(value)) for name, value in known.headers)
        keys = tuple(replace(key, encrypted=encryption.reencrypt(key.encrypted)) for key in known.keys)
        return replace(known, keys=keys, authorization=authorization, headers=headers)

    return update_record(redis, id, "", reencrypt_all)


def _is_decryptable(encryption: Encryption, key: SigningKey) -> bool:
    try:
        encryption.decrypt(key.encrypted)
    except WrongKey:
        return False
    return True
