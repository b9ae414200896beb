"""What each operation of the subscriber API does."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask import Response, current_app, request

from sending.http.client import HttpClient
from sending.webhooks import dispatch, endpoints, queue, redelivery, signatures
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import WebhookEndpoint
from workers import redelivery_job, runs
from workers.runs import Run

Handler = Callable[[Mapping[str, str], dict[str, Any]], Response]
"""One operation: from what stands in the path and the checked body to the answer."""


class ResourceNotFound(Exception):
    """There is no such thing; the sentence says which."""


def redis() -> Any:
    """The app's store."""
    return current_app.extensions["redis"]


def get_encryption() -> Encryption:
    """What closes and opens subscribers' secrets."""
    return Encryption(current_app.extensions["settings"].secret_key)


def get_endpoint(id: str) -> WebhookEndpoint:
    """The subscriber with this id. Missing when there is none."""
    found = endpoints.load(redis(), id)
    if found is None:
        raise ResourceNotFound("There is no such endpoint.")
    return found


def create(body: dict[str, Any]) -> WebhookEndpoint:
    """A new subscriber with these wishes."""
    return endpoints.create(
        redis(), _get_client(_allows_loopback()), get_encryption(), http=_allows_loopback(), **_parse_options(body)
    )


def update(id: str, body: dict[str, Any]) -> WebhookEndpoint:
    """The subscriber with these wishes changed."""
    return endpoints.update(
        redis(), _get_client(_allows_loopback()), get_encryption(), id, http=_allows_loopback(), **_parse_options(body)
    )


def rotate(id: str, body: dict[str, Any]) -> WebhookEndpoint:
    """The subscriber with a new key."""
    overlap = body.get("overlap", endpoints.KEY_OVERLAP_SECONDS)
    return endpoints.rotate_key(redis(), get_encryption(), id, private=body.get("private", False), overlap=overlap)


def start_recovery(id: str, since: float) -> Run:
    """All that failed there since then goes out once more: a job. recovery.IsOff when nothing is sent there."""
    if get_endpoint(id).state == "disabled":
        raise redelivery.EndpointDisabled
    return redelivery_job.start(redis(), dispatch.get_queue(redis()), id, since)


def describe_newest_key(one: WebhookEndpoint) -> dict[str, str]:
    """What the receiver needs to check our newest signature; told once and never again."""
    key = get_encryption().decrypt(one.keys[0].encrypted)
    shared = one.keys[0].scheme == signatures.SCHEME_HMAC
    return {"secret": key} if shared else {"public_key": signatures.derive_public_key(key)}


def _allows_loopback() -> bool:
    return bool(current_app.extensions["settings"].allow_loopback)


@cache
def _get_client(allow_loopback: bool) -> HttpClient:
    return HttpClient(allow_loopback=allow_loopback)


def _parse_options(body: dict[str, Any]) -> dict[str, Any]:
    wishes = dict(body)
    if "event_types" in body:
        wishes["event_types"] = tuple(body["event_types"])
    if "headers" in body:
        wishes["headers"] = tuple(body["headers"].items())
    return {name: int(value) if isinstance(value, float) else value for name, value in wishes.items()}


def _create(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    made = create(body)
    return json_response(
        _describe_endpoint(made) | describe_newest_key(made), 201, Location=f"/api/endpoints/{made.id}"
    )


def _rotate(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    changed = rotate(path["id"], body)
    return json_response(_describe_endpoint(changed) | describe_newest_key(changed))


def _delete(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    endpoints.delete(redis(), get_endpoint(path["id"]).id)
    return Response(status=204)


def _attempts(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    rows = queue.load_attempts(redis(), get_endpoint(path["id"]).id)
    return json_response({"attempts": [vars(row) for row in rows]})


def _dead(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    count, letters = redelivery.load_dead_letters(redis(), get_endpoint(path["id"]).id)
    return json_response({"count": count, "dead": [vars(letter) for letter in letters]})


def _resend(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    if not redelivery.resend(redis(), get_endpoint(path["id"]).id, body["message"]):
        raise ResourceNotFound("That message is not kept any more.")
    return json_response({"message": body["message"]}, 202)


def _recover(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(describe_recovery(start_recovery(path["id"], body["since"])), 202)


def _recovery(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    found = runs.load(redis(), path["recovery"])
    if found is None or found.options.get("endpoint") != path["id"]:
        raise ResourceNotFound("There is no such recovery.")
    return json_response(describe_recovery(found))


def _example(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return json_response(
        {"message": redelivery.send_example(redis(), get_endpoint(path["id"]).id, body["event_type"])}, 202
    )


def _event(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    kept = redis().hget(f"message:{path['message']}", "body")
    if kept is None:
        raise ResourceNotFound("That event is not kept, or not any more.")
    whole = json_response(json.loads(kept))
    whole.headers.update({"Cache-Control": "private, max-age=86400, immutable", "Vary": "Authorization"})
    whole.add_etag()  # what happened does not change
    whole.make_conditional(request)
    return whole


HANDLERS: dict[str, Handler] = {
    "create": _create,
    "list": lambda path, body: json_response(
        {"endpoints": [_describe_endpoint(one) for one in endpoints.load_all(redis())]}
    ),
    "fetch": lambda path, body: json_response(_describe_endpoint(get_endpoint(path["id"]))),
    "update": lambda path, body: json_response(_describe_endpoint(update(path["id"], body))),
    "rotate": _rotate,
    "pause": lambda path, body: json_response(_describe_endpoint(endpoints.pause(redis(), path["id"]))),
    "resume": lambda path, body: json_response(_describe_endpoint(endpoints.resume(redis(), path["id"]))),
    "delete": _delete,
    "attempts": _attempts,
    "dead": _dead,
    "resend": _resend,
    "recover": _recover,
    "recovery": _recovery,
    "example": _example,
    "event": _event,
}


def describe_recovery(one: Run) -> dict[str, Any]:
    """How far a recovery is, as JSON."""
    return {"recovery": one.id, "state": one.state, "done": one.done, "total": one.total, "reason": one.words}


def _describe_endpoint(one: WebhookEndpoint) -> dict[str, Any]:
    """All but what is secret: keys, credentials, the values of headers, the owner's number."""
    wishes = (
        "url",
        "fallback_url",
        "event_filter",
        "rate_limit",
        "max_concurrency",
        "payload_style",
        "sign_body",
        "cookies",
    )
    return {name: getattr(one, name) for name in ("id", *wishes, "state", "state_reason", "created_at")} | {
        "event_types": list(one.event_types),
        "headers": [name for name, _ in one.headers],
        "keys": [{"signs": key.scheme, "until": key.until or None} for key in one.keys],
    }


def json_response(body: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """JSON that nobody keeps."""
    words = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(words, status, {"Cache-Control": "no-store", **headers}, content_type="application/json")
