"""Registers a webhook endpoint for a person who texts or says its URL, after the URL has been verified."""

from sending.http.client import HttpClient
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import key_rotation, stored_endpoints, url_verification
from sending.webhooks.endpoints.endpoint_model import WebhookEndpoint
from store import Store

MAX_ENDPOINTS_PER_NUMBER = 3


class TooManyEndpoints(Exception):
    """This number already has as many endpoints as it may have."""


def endpoints_of(redis: Store, number: str) -> list[WebhookEndpoint]:
    """Return the endpoints that were registered by this phone number."""
    return [one for one in stored_endpoints.load_all(redis) if number and one.owner == number]


def register(
    redis: Store,
    client: HttpClient,
    encryption: Encryption,
    url: str,
    number: str,
    types: tuple[str, ...],
    *,
    http: bool,
) -> WebhookEndpoint:
    """Verify the URL, create its endpoint for these event types unless it exists, send it the secret and resume it.

    `http` allows unencrypted URLs. Raises TooManyEndpoints or VerificationFailed.
    """
    owned = endpoints_of(redis, number)
    endpoint = next((one for one in owned if one.url == url), None)
    if endpoint is None and len(owned) >= MAX_ENDPOINTS_PER_NUMBER:
        raise TooManyEndpoints
    url_verification.verify_url(client, url, http=http)
    endpoint = endpoint or stored_endpoints.create(
        redis, client, encryption, url, http=http, owner=number, event_types=types
    )
    try:
        url_verification.send_secret(client, encryption, endpoint, http=http)
    except WrongKey:  # its secret was encrypted with a SECRET_KEY that has been removed, so it needs a new secret
        endpoint = key_rotation.rotate_key(redis, encryption, endpoint.id)
        url_verification.send_secret(client, encryption, endpoint, http=http)
    stored_endpoints.resume(redis, endpoint.id)
    return endpoint
