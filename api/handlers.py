"""What each operation of the subscriber API does."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from flask import Response, current_app, request

from sending.http.client import Client
from sending.webhooks import dispatch, endpoints, redelivery, signatures
from sending.webhooks.encryption import Seal
from sending.webhooks.endpoints import Subscriber
from workers import redelivery_runs
from workers.redelivery_runs import Recovery

Work = Callable[[Mapping[str, str], dict[str, Any]], Response]
"""One operation: from what stands in the path and the checked body to the answer."""


class Missing(Exception):
    """There is no such thing; the sentence says which."""


def redis() -> Any:
    """The app's store."""
    return current_app.extensions["redis"]


def seal() -> Seal:
    """What closes and opens subscribers' secrets."""
    return Seal(current_app.extensions["settings"].secret_key)


def existing(id: str) -> Subscriber:
    """The subscriber with this id. Missing when there is none."""
    found = endpoints.load(redis(), id)
    if found is None:
        raise Missing("There is no such subscriber.")
    return found


def create(body: dict[str, Any]) -> Subscriber:
    """A new subscriber with these wishes."""
    return endpoints.create(redis(), _client(_loopback()), seal(), http=_loopback(), **_wishes(body))


def update(id: str, body: dict[str, Any]) -> Subscriber:
    """The subscriber with these wishes changed."""
    return endpoints.update(redis(), _client(_loopback()), seal(), id, http=_loopback(), **_wishes(body))


def rotate(id: str, body: dict[str, Any]) -> Subscriber:
    """The subscriber with a new key."""
    overlap = body.get("overlap", endpoints.OVERLAP)
    return endpoints.rotate(redis(), seal(), id, private=body.get("private", False), overlap=overlap)


def begin_recovery(id: str, since: float) -> Recovery:
    """All that failed there since then goes out once more: a job. recovery.IsOff when nothing is sent there."""
    if existing(id).state == "off":
        raise redelivery.IsOff
    return redelivery_runs.begin(redis(), dispatch.queue(redis()), id, since)


def newest_key(one: Subscriber) -> dict[str, str]:
    """What the receiver needs to check our newest signature; told once and never again."""
    key = seal().open(one.keys[0].sealed)
    shared = one.keys[0].scheme == signatures.SCHEME_SHARED
    return {"secret": key} if shared else {"public_key": signatures.public_key(key)}


def _loopback() -> bool:
    return bool(current_app.extensions["settings"].allow_loopback)


@cache
def _client(allow_loopback: bool) -> Client:
    return Client(allow_loopback=allow_loopback)


def _wishes(body: dict[str, Any]) -> dict[str, Any]:
    wishes = dict(body)
    if "kinds" in body:
        wishes["kinds"] = tuple(body["kinds"])
    if "headers" in body:
        wishes["headers"] = tuple(body["headers"].items())
    return {name: int(value) if isinstance(value, float) else value for name, value in wishes.items()}


def _create(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    made = create(body)
    return answer(_shown(made) | newest_key(made), 201, Location=f"/api/subscribers/{made.id}")


def _rotate(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    changed = rotate(path["id"], body)
    return answer(_shown(changed) | newest_key(changed))


def _delete(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    endpoints.delete(redis(), existing(path["id"]).id)
    return Response(status=204)


def _attempts(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    rows = dispatch.attempts(redis(), existing(path["id"]).id)
    return answer({"attempts": [vars(row) for row in rows]})


def _dead(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    count, letters = redelivery.dead(redis(), existing(path["id"]).id)
    return answer({"count": count, "dead": [vars(letter) for letter in letters]})


def _resend(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    if not redelivery.resend(redis(), existing(path["id"]).id, body["message"]):
        raise Missing("That message is not kept any more.")
    return answer({"message": body["message"]}, 202)


def _recover(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return answer(told(begin_recovery(path["id"], body["since"])), 202)


def _recovery(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    found = redelivery_runs.load(redis(), path["recovery"])
    if found is None or found.subscriber != path["id"]:
        raise Missing("There is no such recovery.")
    return answer(told(found))


def _example(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    return answer({"message": redelivery.send_example(redis(), existing(path["id"]).id, body["kind"])}, 202)


def _event(path: Mapping[str, str], body: dict[str, Any]) -> Response:
    kept = redis().hget(f"message:{path['message']}", "body")
    if kept is None:
        raise Missing("That event is not kept, or not any more.")
    whole = answer(json.loads(kept))
    whole.headers.update({"Cache-Control": "private, max-age=86400, immutable", "Vary": "Authorization"})
    whole.add_etag()  # what happened does not change
    whole.make_conditional(request)
    return whole


WORK: dict[str, Work] = {
    "create": _create,
    "list": lambda path, body: answer({"subscribers": [_shown(one) for one in endpoints.everyone(redis())]}),
    "fetch": lambda path, body: answer(_shown(existing(path["id"]))),
    "update": lambda path, body: answer(_shown(update(path["id"], body))),
    "rotate": _rotate,
    "pause": lambda path, body: answer(_shown(endpoints.pause(redis(), path["id"]))),
    "resume": lambda path, body: answer(_shown(endpoints.resume(redis(), path["id"]))),
    "delete": _delete,
    "attempts": _attempts,
    "dead": _dead,
    "resend": _resend,
    "recover": _recover,
    "recovery": _recovery,
    "example": _example,
    "event": _event,
}


def told(one: Recovery) -> dict[str, Any]:
    """How far a recovery is, as JSON."""
    return {"recovery": one.id, "state": one.state, "done": one.done, "total": one.total, "why": one.why}


def _shown(one: Subscriber) -> dict[str, Any]:
    """All but what is secret: keys, credentials, the values of headers, the owner's number."""
    wishes = ("url", "fallback", "wish_list", "rate", "at_once", "payload", "sign_body", "cookies")
    return {name: getattr(one, name) for name in ("id", *wishes, "state", "why", "made")} | {
        "kinds": list(one.kinds),
        "headers": [name for name, _ in one.headers],
        "keys": [{"signs": key.scheme, "until": key.until or None} for key in one.keys],
    }


def answer(body: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """JSON that nobody keeps."""
    words = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(words, status, {"Cache-Control": "no-store", **headers}, content_type="application/json")
