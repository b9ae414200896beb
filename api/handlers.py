"""The handler of each request to the endpoint API: it performs the operation and describes its result as JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

import context
from api import operations
from sending.webhooks import redelivery, signing_keys
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import OPTIONS, WebhookEndpoint
from sending.webhooks.queue import backlog, delivery_queue, messages
from workers.job_progress import Run

Handler = Callable[[Mapping[str, str], dict[str, Any]], Response]
"""One operation: takes the path parameters and the validated body, and returns the response."""


def describe_newest_key(endpoint: WebhookEndpoint) -> dict[str, str]:
    """Return the shared secret, or the public half of an Ed25519 key, for verifying our signatures."""
    key = operations.get_encryption().decrypt(endpoint.keys[0].encrypted)
    is_shared_secret = endpoint.keys[0].scheme == signing_keys.SCHEME_HMAC
    return {"secret": key} if is_shared_secret else {"public_key": signing_keys.derive_public_key(key)}


def describe_recovery(recovery: Run) -> dict[str, Any]:
    """Return the progress as JSON. `reason` is "" unless the recovery has failed."""
    progress = {"state": recovery.state, "done": recovery.done, "total": recovery.total}
    return {"recovery": recovery.id, **progress, "reason": recovery.words}


def json_response(body: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """Return a JSON response that must not be cached."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    encoded = text.encode("utf-8", "replace")  # it may quote half a surrogate pair from a request's JSON
    return Response(encoded, status, {"Cache-Control": "no-store", **headers}, content_type="application/json")


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


def _create(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    endpoint = operations.create(body)
    described = _describe_endpoint(endpoint) | describe_newest_key(endpoint)
    return json_response(described, 201, Location=f"/api/endpoints/{endpoint.id}")


def _list(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(
        {"endpoints": [_describe_endpoint(each) for each in stored_endpoints.load_all(context.store())]}
    )


def _fetch(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(operations.get_endpoint(path["id"])))


def _update(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(operations.update(path["id"], body)))


def _rotate(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    endpoint = operations.rotate(path["id"], body)
    return json_response(_describe_endpoint(endpoint) | describe_newest_key(endpoint))


def _pause(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(stored_endpoints.pause(context.store(), path["id"])))


def _resume(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(_describe_endpoint(stored_endpoints.resume(context.store(), path["id"])))


def _delete(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    backlog.delete_endpoint(context.store(), operations.get_endpoint(path["id"]).id)
    return Response(status=204)


def _attempts(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    attempts = delivery_queue.load_attempts(context.store(), operations.get_endpoint(path["id"]).id)
    return json_response({"attempts": [vars(each) for each in attempts]})


def _dead(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    count, letters = redelivery.load_dead_letters(context.store(), operations.get_endpoint(path["id"]).id)
    return json_response({"count": count, "dead": [vars(letter) for letter in letters]})


def _resend(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    if not redelivery.resend(context.store(), operations.get_endpoint(path["id"]).id, body["message"]):
        raise operations.ResourceNotFound("That message is no longer stored.")
    return json_response({"message": body["message"]}, 202)


def _recover(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(describe_recovery(operations.start_recovery(path["id"], body["since"])), 202)


def _recovery(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    found = operations.load_recovery(path["id"], path["recovery"])
    if found is None:
        raise operations.ResourceNotFound("There is no such recovery.")
    return json_response(describe_recovery(found))


def _example(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response({"message": operations.send_example(path["id"], body["event_type"])}, 202)


def _event(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    stored = messages.load_body(context.store(), path["message"])
    if stored is None:
        raise operations.ResourceNotFound("That event does not exist or is no longer stored.")
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
