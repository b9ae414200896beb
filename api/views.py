"""The subscriber API: who hears our webhooks, as JSON, for programs that hold one of API_TOKENS."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from api import openapi, schema
from api.handlers import WORK, Missing, answer
from api.schema import OPERATIONS
from receiving.signatures import fits
from sending.http.errors import Failure
from sending.webhooks.endpoints import Unacceptable
from sending.webhooks.redelivery import IsOff

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
    return answer(openapi.description())


def _view(path: str) -> Callable[..., Response]:
    """Whatever comes to this path: first the token, then the method, then the work."""

    def view(**parts: str) -> Response:
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
            schema.check(body, operation)
            return WORK[operation.name](parts, body)
        except Problem as problem:
            return _problem(problem.status, str(problem), problem.headers)
        except HTTPException as refusal:
            return _problem(refusal.code or 400, refusal.description or refusal.name)
        except Missing as missing:
            return _problem(404, str(missing))
        except KeyError:  # it went while we looked
            return _problem(404, "There is no such subscriber.")
        except IsOff as sentence:
            return _problem(409, str(sentence))
        except (Unacceptable, Failure, schema.Unfit) as wrong:
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


def _problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    told = answer({"type": "about:blank", "status": status, "detail": sentence}, status, **(headers or {}))
    told.content_type = "application/problem+json"
    return told
