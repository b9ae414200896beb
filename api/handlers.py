"""The endpoint API's operations, also used by the presenter's pages and the commands."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask import Response, request

import context
from api import event_type_validation
from sending.http.client import HttpClient
from sending.webhooks import endpoints, redelivery, signatures
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoint_model import OPTIONS, WebhookEndpoint
from sending.webhooks.endpoints import EndpointNotFound
from sending.webhooks.queue import backlog, delivery_queue, messages
from workers import redelivery_job, runs
from workers.queues import WEBHOOKS
from workers.runs import Run

Handler = Callable[[Mapping[str, str], dict[str, Any]], Response]
"""One operation: takes the path parameters and the validated body, and returns the response."""


class ResourceNotFound(Exception):
    """The message or recovery does not exist."""


def get_encryption() -> Encryption:
    """Return an Encryption with the app's SECRET_KEY."""
    return Encryption(context.settings().secret_key)


def get_endpoint(id: str) -> WebhookEndpoint:
    """Return the endpoint with this id. Raises EndpointNotFound."""
    found = endpoints.load(context.store(), id)
    if found is None:
        raise EndpointNotFound(id)
    return found


def create(options: dict[str, Any]) -> WebhookEndpoint:
    """Create an endpoint with these validated options. Raises ValidationError or RequestFailed."""
    event_type_validation.check_filters(options.get("event_types", ()))
    http = context.settings().allow_loopback
    return endpoints.create(context.store(), _get_client(http), get_encryption(), http=http, **options)


def update(id: str, options: dict[str, Any]) -> WebhookEndpoint:
    """Change these validated options. Raises ValidationError, RequestFailed or EndpointNotFound."""
    event_type_validation.check_filters(options.get("event_types", ()))
    http = context.settings().allow_loopback
    return endpoints.update(context.store(), _get_client(http), get_encryption(), id, http=http, **options)


def rotate(id: str, body: dict[str, Any]) -> WebhookEndpoint:
    """Add a new key to an endpoint. Raises EndpointNotFound or ValidationError."""
    private, overlap = body.get("private", False), body.get("overlap", endpoints.KEY_OVERLAP_SECONDS)
    return endpoints.rotate_key(context.store(), get_encryption(), id, private=private, overlap=overlap)


def send_example(id: str, event_type: str) -> str:
    """Send an example of an event to an endpoint. Returns the message's id.

    Raises ValidationError, EndpointNotFound or EndpointDisabled.
    """
    event_type_validation.check_event_type(event_type)
    return redelivery.send_example(context.store(), get_endpoint(id).id, event_type)


def start_recovery(id: str, since: float) -> Run:
    """Start a job that resends what has failed since this time. Raises EndpointDisabled or EndpointNotFound."""
    if get_endpoint(id).state == "disabled":
        raise redelivery.EndpointDisabled
    webhooks = context.queues().by_name[WEBHOOKS]
    return redelivery_job.start(webhooks.connection, webhooks, id, since)


def load_recovery(endpoint_id: str, recovery_id: str) -> Run | None:
    """Return this endpoint's recovery with this id, or None."""
    found = runs.load(context.store(), recovery_id)
    return found if found and found.options.get("endpoint") == endpoint_id else None


def describe_newest_key(endpoint: WebhookEndpoint) -> dict[str, str]:
    """Return the shared secret, or the public half of an Ed25519 key, for verifying our signatures."""
    key = get_encryption().decrypt(endpoint.keys[0].encrypted)
    is_shared_secret = endpoint.keys[0].scheme == signatures.SCHEME_HMAC
    return {"secret": key} if is_shared_secret else {"public_key": signatures.derive_public_key(key)}


def describe_recovery(recovery: Run) -> dict[str, Any]:
    """Return the progress as JSON. `reason` is "" unless the recovery has failed."""
    progress = {"state": recovery.state, "done": recovery.done, "total": recovery.total}
    return {"recovery": recovery.id, **progress, "reason": recovery.words}


def json_response(body: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """Return a JSON response that must not be cached."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, {"Cache-Control": "no-store", **headers}, content_type="application/json")


def _describe_endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return everything except the secrets and the owner's number, as JSON."""
    names = ("id", "state", "state_reason", "created_at")
    options = {name: getattr(endpoint, name) for name, option in OPTIONS.items() if not option.is_secret}
    return {name: getattr(endpoint, name) for name in names} | {
        **options,
        "event_types": list(endpoint.event_types),
        "headers": [name for name, _ in endpoint.headers],
        "keys": [{"scheme": key.scheme, "expires_at": key.expires_at or None} for key in endpoint.keys],
    }


@cache
def _get_client(allow_loopback: bool) -> HttpClient:
    return HttpClient(allow_loopback=allow_loopback)


def _create(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    endpoint = create(body)
    described = _describe_endpoint(endpoint) | describe_newest_key(endpoint)
    return json_response(described, 201, Location=f"/api/endpoints/{endpoint.id}")


def _list(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response({"endpoints": [_describe_endpoint(each) for each in endpoints.load_all(context.store())]})


def _fetch(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(get_endpoint(path["id"])))


def _update(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(update(path["id"], body)))


def _rotate(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    endpoint = rotate(path["id"], body)
    return json_response(_describe_endpoint(endpoint) | describe_newest_key(endpoint))


def _pause(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(endpoints.pause(context.store(), path["id"])))


def _resume(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(endpoints.resume(context.store(), path["id"])))


def _delete(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    backlog.delete_endpoint(context.store(), get_endpoint(path["id"]).id)
    return Response(status=204)


def _attempts(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    attempts = delivery_queue.load_attempts(context.store(), get_endpoint(path["id"]).id)
    return json_response({"attempts": [vars(each) for each in attempts]})


def _dead(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    count, letters = redelivery.load_dead_letters(context.store(), get_endpoint(path["id"]).id)
    return json_response({"count": count, "dead": [vars(letter) for letter in letters]})


def _resend(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    if not redelivery.resend(context.store(), get_endpoint(path["id"]).id, body["message"]):
        raise ResourceNotFound("That message is no longer stored.")
    return json_response({"message": body["message"]}, 202)


def _recover(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(describe_recovery(start_recovery(path["id"], body["since"])), 202)


def _recovery(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    found = load_recovery(path["id"], path["recovery"])
    if found is None:
        raise ResourceNotFound("There is no such recovery.")
    return json_response(describe_recovery(found))


def _example(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response({"message": send_example(path["id"], body["event_type"])}, 202)


def _event(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    stored = messages.load_body(context.store(), path["message"])
    if stored is None:
        raise ResourceNotFound("That event does not exist or is no longer stored.")
    response = json_response(json.loads(stored))
    response.headers.update({"Cache-Control": "private, max-age=86400, immutable", "Vary": "Authorization"})
    response.add_etag()
    response.make_conditional(request)
    return response


HANDLERS: dict[str, Handler] = {
    "create": _create,
    "list": _list,
    "fetch": _fetch,
    "update": _update,
    "rotate": _rotate,
    "pause": _pause,
    "resume": _resume,
    "delete": _delete,
    "attempts": _attempts,
    "dead": _dead,
    "resend": _resend,
    "recover": _recover,
    "recovery": _recovery,
    "example": _example,
    "event": _event,
}
