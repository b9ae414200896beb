"""Sets an endpoint's options: validates them, encrypts secrets and normalizes URLs."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sending.http.client import HttpClient
from sending.json_validation import reject_if, validate_fields
from sending.webhooks import signatures
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints.endpoint_model import OPTION_SCHEMAS, WebhookEndpoint
from sending.webhooks.optional.custom_headers import check_headers


def with_options(
    endpoint: WebhookEndpoint, options: Mapping[str, Any], client: HttpClient, encryption: Encryption, http: bool
) -> WebhookEndpoint:
    """Return the endpoint with these options: validated, with secrets encrypted and URLs normalized."""
    validate_fields(options, OPTION_SCHEMAS)
    check_headers(options.get("headers", {}), options.get("authorization", ""))
    values = {name: _parse_option(name, value, encryption) for name, value in options.items()}
    changed = replace(endpoint, **values)
    normalize = partial(client.normalize_url, http=http)
    url, fallback_url, event_filter = (
        each and normalize(each) for each in (changed.url, changed.fallback_url, changed.event_filter)
    )
    # RFC 9111, section 4.4: a POST invalidates the cached response for the same URL.
    is_shared = bool(event_filter) and event_filter in (url, fallback_url)
    reject_if(is_shared, "The event filter needs its own URL.")
    return check_scheme(replace(changed, url=url, fallback_url=fallback_url, event_filter=event_filter))


def _parse_option(name: str, value: Any, encryption: Encryption) -> Any:
    """Return the option's value as stored in the record."""
    if name == "headers":
        return tuple((header, encryption.encrypt(text)) for header, text in value.items())
    if name == "authorization":
        return encryption.encrypt(value) if value else ""
    return {"array": tuple, "integer": int}.get(OPTION_SCHEMAS[name]["type"], lambda value: value)(value)


def check_scheme(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Return the endpoint. Raises ValidationError if its newest key cannot sign in the way its options require."""
    is_shared_secret = endpoint.keys[0].scheme == signatures.SCHEME_HMAC
    reject_if(endpoint.sign_body and not is_shared_secret, "Signing the body alone requires a shared secret.")
    return endpoint
