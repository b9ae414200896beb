"""One endpoint's decrypted secrets: signing keys, header values and cookies. They are never stored or logged."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sending.webhooks.encryption import Encrypted, Encryption, WrongKey
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.cookies import EndpointCookieJar
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from store import Store


@dataclass(frozen=True)
class Credentials:
    """The secrets for requests to one endpoint. The `repr` shows none of them.

    `keys` are the current signing keys, newest first. `headers` contains the custom headers, including Authorization.
    `cookie_jar` is None unless the endpoint accepts cookies.
    """

    keys: tuple[str, ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    cookie_jar: EndpointCookieJar | None = field(repr=False, default=None)


def decrypt_credentials(redis: Store, encryption: Encryption, endpoint: WebhookEndpoint, now: float) -> Credentials:
    """Return the endpoint's credentials as of `now`. Raises WrongKey if SECRET_KEY lacks the required key."""
    keys = tuple(encryption.decrypt(key.encrypted) for key in endpoint.signing_keys(now))
    headers = {name: encryption.decrypt(value) for name, value in endpoint.headers}
    if endpoint.authorization:
        headers["Authorization"] = encryption.decrypt(Encrypted(endpoint.authorization))
    cookie_jar = EndpointCookieJar(redis, encryption, endpoint.id, endpoint.identity_hash) if endpoint.cookies else None
    return Credentials(keys, headers, cookie_jar)


def find_undecryptable(redis: Store, encryption: Encryption) -> list[WebhookEndpoint]:
    """Return the endpoints whose credentials no value of SECRET_KEY can decrypt."""
    return [one for one in stored_endpoints.load_all(redis) if not _is_decryptable(redis, encryption, one)]


def _is_decryptable(redis: Store, encryption: Encryption, endpoint: WebhookEndpoint) -> bool:
    try:
        decrypt_credentials(redis, encryption, endpoint, time.time())
    except WrongKey:
        return False
    return True
