"""Registers a webhook endpoint for a person who texts or says its URL: it must answer a challenge."""

import json
import secrets
import time

from sending.http.client import HttpClient
from sending.http.errors import RequestFailed
from sending.webhooks import payloads, signatures
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import key_rotation, stored_endpoints
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.queue import messages
from store import Store

MAX_ENDPOINTS_PER_NUMBER = 3


class TooManyEndpoints(Exception):
    """This number already has MAX_ENDPOINTS_PER_NUMBER endpoints."""


class VerificationFailed(Exception):
    """The URL did not respond as required. The message is a sentence for its owner."""


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
    """Verify the URL, find or create its endpoint (for these event types), send the endpoint its secret and resume it.

    `http` allows unencrypted URLs. Raises TooManyEndpoints or VerificationFailed.
    """
    _find_or_check_limit(redis, url, number)
    verify_url(client, url, http=http)
    # Look again, because another job may have registered an endpoint for this person in the meantime.
    endpoint = _find_or_check_limit(redis, url, number) or stored_endpoints.create(
        redis, client, encryption, url, http=http, owner=number, event_types=types
    )
    try:
        send_secret(client, encryption, endpoint, http=http)
    except WrongKey:  # its secret was encrypted with a SECRET_KEY that has been removed, so it needs a new secret
        endpoint = key_rotation.rotate_key(redis, encryption, endpoint.id)
        send_secret(client, encryption, endpoint, http=http)
    stored_endpoints.resume(redis, endpoint.id)
    return endpoint


def _find_or_check_limit(redis: Store, url: str, number: str) -> WebhookEndpoint | None:
    """Return this number's endpoint with this URL, or None if one may be created. Raises TooManyEndpoints."""
    owned = endpoints_of(redis, number)
    endpoint = next((one for one in owned if one.url == url), None)
    if endpoint is None and len(owned) >= MAX_ENDPOINTS_PER_NUMBER:
        raise TooManyEndpoints
    return endpoint


def verify_url(client: HttpClient, url: str, *, http: bool = False) -> None:
    """Send the URL a challenge. Raises VerificationFailed unless it returns the challenge, as text or as JSON.

    The request contains nothing else, because it may reach a server whose owner does not expect it. `http` allows
    unencrypted URLs.
    """
    challenge = secrets.token_urlsafe(24)
    body = payloads.build_envelope("endpoint.challenge", {"challenge": challenge}, time.time())
    status, answer = _post(client, url, body, {}, http)
    if not (200 <= status < 300 and _extract_challenge(answer) == challenge):
        raise VerificationFailed(f"It must return the challenge in our POST, but it returned status {status}.")


def send_secret(client: HttpClient, encryption: Encryption, endpoint: WebhookEndpoint, *, http: bool = False) -> None:
    """Send the endpoint its secret, in a message signed with the secret. Can be repeated. Raises VerificationFailed."""
    now = time.time()
    keys = [encryption.decrypt(key.encrypted) for key in endpoint.signing_keys(now)]
    data = {"id": endpoint.id, "secret": keys[0], "event_types": list(endpoint.event_types)}
    body = payloads.build_envelope("endpoint.created", data, now)
    status, _ = _post(client, endpoint.url, body, signatures.sign(messages.new_id(), int(now), body, keys), http)
    if not 200 <= status < 300:
        raise VerificationFailed(f"It did not accept its secret: it returned status {status}.")


def _post(client: HttpClient, url: str, body: bytes, headers: dict[str, str], http: bool) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json", **headers}
    try:
        response = client.request("POST", url, headers=headers, body=body, http=http)
    except RequestFailed as error:
        raise VerificationFailed(str(error)) from error
    return response.status, response.body


def _extract_challenge(answer: bytes) -> str:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return answer.decode("utf-8", "replace").strip()
    return str(found.get("challenge", "")) if isinstance(found, dict) else str(found)
