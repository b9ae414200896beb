"""The subscriber API: who hears our webhooks, as JSON, for programs that hold one of API_TOKENS."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from receiving.signatures import fits
from sending import recovery, signatures, subscribers, webhooks
from sending.failures import Failure
from sending.http import Client
from sending.sealing import Seal
from sending.subscribers import Subscriber, Unacceptable
from stage import openapi
from stage.openapi import OPERATIONS

bp = Blueprint("subscribers", __name__, url_prefix="/api")
LARGEST = 64 * 1024  # bytes of a request's body
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class Problem(Exception):
    """The request ends here: a status and a sentence; RFC 9457 says how it is written."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, headers


@bp.record
def open_doors(state: BlueprintSetupState) -> None:
    """One address for each path; without a token none of them exists."""
    if not state.app.extensions["settings"].api_tokens:
        return
    options: dict[str, Any] = {"methods": METHODS, "provide_automatic_options": False}
    for number, path in enumerate(OPERATIONS):
        rule = path.replace("{", "<").replace("}", ">")
        state.add_url_rule(rule, f"path{number}", _view(path), **options)
    state.add_url_rule("/openapi.json", "description", _description, methods=["GET"])
    state.add_url_rule("/<path:rest>", "nowhere", _view(""), **options)


def _description() -> Response:
    return _answer(openapi.description(), 200)


def _view(path: str) -> Callable[..., Response]:
    """Whatever comes to this path: first the token, then the method, then the work."""

    def view(id: str = "", rest: str = "") -> Response:
        try:
            _check_token()
            operations = OPERATIONS.get(path, {})
            method = "GET" if request.method == "HEAD" else request.method
            if not operations:
                raise Problem(404, "There is nothing at this address.")
            if method not in operations:
                raise Problem(405, f"Here works {' and '.join(operations)}.", Allow=", ".join(operations))
            operation = operations[method]
            body = _read_body() if operation.takes else {}
            openapi.check(body, operation)
            return WORK[operation.name](id, body)
        except Problem as problem:
            return _problem(problem.status, str(problem), problem.headers)
        except HTTPException as refusal:
            return _problem(refusal.code or 400, refusal.description or refusal.name)
        except KeyError:
            return _problem(404, "There is no such subscriber.")
        except (Unacceptable, Failure, openapi.Unfit) as wrong:
            return _problem(422, str(wrong))

    return view


def _check_token() -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    tokens = current_app.extensions["settings"].api_tokens
    if scheme.lower() != "bearer" or not fits(given.strip(), tokens):
        raise Problem(401, "Send one of API_TOKENS as Authorization: Bearer.", **{"WWW-Authenticate": "Bearer"})


def _read_body() -> dict[str, Any]:
    """The JSON object that came; nothing is an empty one."""
    request.max_content_length = LARGEST
    raw = request.get_data()
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise Problem(415, "Send JSON, as application/json.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is no JSON.") from None
    if not isinstance(body, dict):
        raise Problem(422, "The body must be a JSON object.")
    return body


def _redis() -> Any:
    return current_app.extensions["redis"]


def _loopback() -> bool:
    return bool(current_app.extensions["settings"].allow_loopback)


@cache
def _client(allow_loopback: bool) -> Client:
    return Client(allow_loopback=allow_loopback)


def _seal() -> Seal:
    return Seal(current_app.extensions["settings"].secret_key)


def _existing(id: str) -> Subscriber:
    found = subscribers.load(_redis(), id)
    if found is None:
        raise KeyError(id)
    return found


def _create(id: str, body: dict[str, Any]) -> Response:
    made = subscribers.create(_redis(), _client(_loopback()), _seal(), http=_loopback(), **_wishes(body))
    return _answer(_shown(made) | _newest_key(made), 201, Location=f"/api/subscribers/{made.id}")


def _list(id: str, body: dict[str, Any]) -> Response:
    return _answer({"subscribers": [_shown(one) for one in subscribers.everyone(_redis())]}, 200)


def _fetch(id: str, body: dict[str, Any]) -> Response:
    return _answer(_shown(_existing(id)), 200)


def _update(id: str, body: dict[str, Any]) -> Response:
    changed = subscribers.update(_redis(), _client(_loopback()), _seal(), id, http=_loopback(), **_wishes(body))
    return _answer(_shown(changed), 200)


def _rotate(id: str, body: dict[str, Any]) -> Response:
    changed = subscribers.rotate(_redis(), _seal(), id, private=body.get("private", False))
    return _answer(_shown(changed) | _newest_key(changed), 200)


def _pause(id: str, body: dict[str, Any]) -> Response:
    return _answer(_shown(subscribers.pause(_redis(), id)), 200)


def _resume(id: str, body: dict[str, Any]) -> Response:
    return _answer(_shown(subscribers.resume(_redis(), id)), 200)


def _delete(id: str, body: dict[str, Any]) -> Response:
    subscribers.delete(_redis(), _existing(id).id)
    return Response(status=204)


def _attempts(id: str, body: dict[str, Any]) -> Response:
    rows = webhooks.attempts(_redis(), _existing(id).id)
    return _answer({"attempts": [vars(row) for row in rows]}, 200)


def _resend(id: str, body: dict[str, Any]) -> Response:
    if not recovery.resend(_redis(), _existing(id).id, body["message"]):
        raise Problem(404, "That message is not kept any more, or nothing is sent to this subscriber.")
    return _answer({"message": body["message"]}, 202)


WORK: dict[str, Callable[[str, dict[str, Any]], Response]] = {
    "create": _create,
    "list": _list,
    "fetch": _fetch,
    "update": _update,
    "rotate": _rotate,
    "pause": _pause,
    "resume": _resume,
    "delete": _delete,
    "attempts": _attempts,
    "resend": _resend,
}


def _wishes(body: dict[str, Any]) -> dict[str, Any]:
    wishes = dict(body)
    if "kinds" in body:
        wishes["kinds"] = tuple(body["kinds"])
    if "headers" in body:
        wishes["headers"] = tuple(body["headers"].items())
    return {name: int(value) if isinstance(value, float) else value for name, value in wishes.items()}


def _shown(one: Subscriber) -> dict[str, Any]:
    """All but what is secret: keys, credentials, the values of headers, the owner's number."""
    plain = ("id", "url", "fallback", "rate", "at_once", "state", "why", "made", "sign_body", "cookies")
    return {name: getattr(one, name) for name in plain} | {
        "kinds": list(one.kinds),
        "headers": [name for name, _ in one.headers],
        "keys": [{"signs": key.scheme, "until": key.until or None} for key in one.keys],
    }


def _newest_key(one: Subscriber) -> dict[str, str]:
    """What the receiver needs to check our newest signature; told here and never again."""
    key = _seal().open(one.keys[0].sealed)
    shared = one.keys[0].scheme == signatures.SCHEME_SHARED
    return {"secret": key} if shared else {"public_key": signatures.public_key(key)}


def _answer(body: dict[str, Any], status: int, **headers: str) -> Response:
    words = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    quiet = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(words, status, {**quiet, **headers}, content_type="application/json")


def _problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    answer = _answer({"type": "about:blank", "status": status, "detail": sentence}, status, **(headers or {}))
    answer.content_type = "application/problem+json"
    return answer
