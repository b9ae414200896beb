"""A webhook endpoint's record: its options and their validation, its signing keys and its state."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

from sending.http.client import HttpClient
from sending.json_validation import Schema, reject_if, validate_fields
from sending.webhooks import signing_keys
from sending.webhooks.encryption import Encrypted, Encryption
from sending.webhooks.endpoints.custom_headers import MAX_HEADERS, check_headers
from sending.webhooks.endpoints.event_type_patterns import EVENT_FILTER_PATTERN, matches_event_type

TEXT: Schema = {"type": "string", "maxLength": 2048}
EVENT_FILTER: Schema = {"type": "string", "maxLength": 200, "pattern": f"^{EVENT_FILTER_PATTERN.pattern}$"}
FLAG: Schema = {"type": "boolean"}


@dataclass(frozen=True)
class Option:
    """An endpoint option, as shown by the API, its OpenAPI description and the presenter's form."""

    label: str
    schema: Schema
    is_secret: bool = False  # never shown again


def option(label: str, description: str, schema: Schema, default: Any, is_secret: bool = False) -> Any:
    """Return a field of WebhookEndpoint that the endpoint's owner may set."""
    described = Option(label, {**schema, "description": description}, is_secret)
    return field(default=default, metadata={"option": described})


@dataclass(frozen=True)
class SigningKey:
    """A signing key for scheme v1 or v1a. It signs until `expires_at` (a Unix timestamp); 0 means forever."""

    encrypted: Encrypted
    scheme: str
    expires_at: float = 0.0


@dataclass(frozen=True)
class WebhookEndpoint:
    """A registered receiver of webhooks. To add an option, add a field with `option`.

    `keys` are newest first. `owner` is the E.164 number of the person who registered the endpoint by SMS, or ""; the
    owner is texted when the endpoint is disabled. `state` is enabled, paused (messages wait) or disabled (new messages
    are not queued); `state_reason` is a human-readable sentence. `created_at` is a Unix timestamp.
    """

    id: str
    keys: tuple[SigningKey, ...]
    owner: str = ""
    state: str = "enabled"
    state_reason: str = ""
    created_at: float = 0.0
    url: str = option("URL", "the HTTPS URL to send to", {**TEXT, "minLength": 1}, "")
    event_types: tuple[str, ...] = option(
        "Event types",
        "event types such as text.received, or families such as text.*; * or an empty list means all",
        {"type": "array", "maxItems": 100, "items": EVENT_FILTER},
        (),
    )
    payload_style: str = option(
        "Payload",
        "full, or thin (only ids, and a URL for fetching the rest with an API token)",
        {"type": "string", "maxLength": 4, "enum": ["full", "thin"]},
        "full",
    )
    fallback_url: str = option("Fallback URL", "used when the first URL cannot be reached", TEXT, "")
    authorization: Encrypted | str = option("Authorization", "the value of that header", TEXT, "", is_secret=True)
    headers: tuple[tuple[str, Encrypted], ...] = option(
        "Headers",
        "added to each request; their values are not shown again",
        {"type": "object", "maxProperties": MAX_HEADERS, "additionalProperties": TEXT},
        (),
        is_secret=True,
    )
    rate_limit: int = option(
        "Rate limit", "requests per second; 0 means unlimited", {"type": "integer", "minimum": 0, "maximum": 1000}, 0
    )
    max_concurrency: int = option(
        "Concurrency", "simultaneous requests, from 1 to 20", {"type": "integer", "minimum": 1, "maximum": 20}, 4
    )
    sign_body: bool = option(
        "Sign the body too", "adds X-Hub-Signature-256, an HMAC-SHA256 of the body with the whole secret", FLAG, False
    )
    cookies: bool = option("Cookies", "stores and returns the cookies that the endpoint sets", FLAG, False)
    event_filter: str = option(
        "Event filter", "a URL that we fetch and cache before sending, to narrow down the event types", TEXT, ""
    )

    def subscribes_to(self, event_type: str) -> bool:
        """Return whether the endpoint subscribes to this event type."""
        return not self.event_types or matches_event_type(self.event_types, event_type)

    def signing_keys(self, now: float) -> list[SigningKey]:
        """Return the keys that sign at this time, newest first."""
        return [key for key in self.keys if not key.expires_at or key.expires_at > now]

    @property
    def identity_hash(self) -> str:
        """Changes with the URLs and credentials. Cookies and cached responses stored under another hash are ignored."""
        credentials = (self.authorization, self.headers, *(key.encrypted for key in self.keys[:1]))
        identity = (self.url, self.fallback_url, *credentials, self.cookies)
        return hashlib.sha256(repr(identity).encode()).hexdigest()


OPTIONS: Mapping[str, Option] = {
    each.name: each.metadata["option"] for each in fields(WebhookEndpoint) if "option" in each.metadata
}
OPTION_SCHEMAS: Mapping[str, Schema] = {name: each.schema for name, each in OPTIONS.items()}


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
    is_shared_secret = endpoint.keys[0].scheme == signing_keys.SCHEME_HMAC
    reject_if(endpoint.sign_body and not is_shared_secret, "Signing the body alone requires a shared secret.")
    return endpoint
