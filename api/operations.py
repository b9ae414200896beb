"""Operations on webhook endpoints, shared by the API, the presenter's pages and the commands."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import context
from receiving import providers
from sending.http.client import HttpClient
from sending.json_validation import reject_if
from sending.webhooks import redelivery
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import key_rotation, stored_endpoints
from sending.webhooks.endpoints.custom_headers import check_headers
from sending.webhooks.endpoints.endpoint_options import WebhookEndpoint
from sending.webhooks.endpoints.event_type_patterns import ALL_EVENT_TYPES
from sending.webhooks.endpoints.stored_endpoints import EndpointNotFound
from sending.webhooks.event_schemas import CATALOGUE, EVENT_TYPE_PATTERN
from workers import job_progress, redelivery_job
from workers.job_progress import Run
from workers.queues import WEBHOOKS

URL_OPTIONS = ("url", "fallback_url", "event_filter")


class ResourceNotFound(Exception):
    """The message or recovery does not exist."""


def get_encryption() -> Encryption:
    """Return an Encryption with the app's SECRET_KEY."""
    return Encryption(context.settings().secret_key)


def get_endpoint(id: str) -> WebhookEndpoint:
    """Return the endpoint with this id. Raises EndpointNotFound."""
    found = stored_endpoints.load(context.store(), id)
    if found is None:
        raise EndpointNotFound(id)
    return found


def create(options: dict[str, Any]) -> WebhookEndpoint:
    """Create an endpoint with these validated options. Raises ValidationError or RequestFailed."""
    _check_filters(options.get("event_types", ()))
    http = context.settings().allow_loopback
    return stored_endpoints.create(context.store(), _get_client(http), get_encryption(), http=http, **options)


def check_option(name: str, value: Any) -> None:
    """Run the checks that need no other option; the value fits its schema. Raises ValidationError or RequestFailed."""
    http = context.settings().allow_loopback
    if name == "event_types":
        _check_filters(value)
    elif name == "headers":
        check_headers(value, "")
    elif name in URL_OPTIONS and value:
        _get_client(http).normalize_url(value, http=http)


def update(id: str, options: dict[str, Any]) -> WebhookEndpoint:
    """Change these validated options. Raises ValidationError, RequestFailed or EndpointNotFound."""
    _check_filters(options.get("event_types", ()))
    http = context.settings().allow_loopback
    return stored_endpoints.update(context.store(), _get_client(http), get_encryption(), id, http=http, **options)


def rotate(id: str, body: dict[str, Any]) -> WebhookEndpoint:
    """Add a new key to an endpoint. Raises EndpointNotFound or ValidationError."""
    private, overlap = body.get("private", False), body.get("overlap", key_rotation.KEY_OVERLAP_SECONDS)
    return key_rotation.rotate_key(context.store(), get_encryption(), id, private=private, overlap=overlap)


def send_example(id: str, event_type: str) -> str:
    """Send an example of an event to an endpoint. Returns the message's id.

    Raises ValidationError, EndpointNotFound or EndpointDisabled.
    """
    _check_event_type(event_type)
    return redelivery.send_example(context.store(), get_endpoint(id).id, event_type)


def start_recovery(id: str, since: float) -> Run:
    """Start a job that resends what has failed since this time. Raises EndpointDisabled or EndpointNotFound."""
    if get_endpoint(id).state == "disabled":
        raise redelivery.EndpointDisabled
    webhooks = context.queues().by_name[WEBHOOKS]
    return redelivery_job.start(webhooks.connection, webhooks, id, since)


def load_recovery(endpoint_id: str, recovery_id: str) -> Run | None:
    """Return this endpoint's recovery with this id, or None."""
    found = job_progress.load(context.store(), recovery_id)
    return found if found and found.options.get("endpoint") == endpoint_id else None


@cache
def _get_client(allow_loopback: bool) -> HttpClient:
    return HttpClient(allow_loopback=allow_loopback)


def _check_filters(filters: Iterable[str]) -> None:
    """Raise ValidationError unless at least one known event type matches each filter.

    Known event types are those in the catalog, and any that begin with the name of a known provider.
    """
    for each in filters:
        reject_if(not (each == ALL_EVENT_TYPES or _is_known_family(each) or _is_known(each)), _describe_unknown(each))


def _check_event_type(name: str) -> None:
    """Raise ValidationError unless this is the name of a known event type."""
    reject_if(not (re.fullmatch(EVENT_TYPE_PATTERN, name) and _is_known(name)), _describe_unknown(name))


def _is_known(name: str) -> bool:
    return name in CATALOGUE or name.partition(".")[0] in providers.load()


def _is_known_family(name: str) -> bool:
    prefix = name.removesuffix("*")
    return prefix.endswith(".") and (_is_known(prefix) or any(known.startswith(prefix) for known in CATALOGUE))


def _describe_unknown(name: str) -> str:
    families = ", ".join(f"{provider}.*" for provider in providers.load())
    return (
        f"There is no event type {name[:100]}. Known event types: {', '.join(CATALOGUE)}, and those of the providers: "
        f"{families}."
    )
