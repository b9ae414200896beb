"""The subscriber API: who hears our webhooks, as JSON, for programs that hold one of API_TOKENS."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from api import openapi, schema
from api.handlers import HANDLERS, ResourceNotFound, json_response
from api.schema import OPERATIONS
from receiving.signatures import matches_any
from sending.http.errors import RequestFailed
from sending.webhooks.endpoints import ValidationError
from sending.webhooks.redelivery import EndpointDisabled

bp = Blueprint("endpoint_api", __name__, url_prefix="/api")
MAX_BODY_BYTES = 64 * 1024  # bytes of a request's body
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class RequestProblem(Exception):
    """The request ends here: a status and a sentence; RFC 9457 says how it is written."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, headers


@bp.record
def register_routes(state: BlueprintSetupState) -> None:
    """One address for each path; without a token none of them exists."""
    if not state.app.extensions["settings"].api_tokens:
        return
    options: dict[str, Any] = {"methods": METHODS, "provide_automatic_options": False}
    for number, path in enumerate(OPERATIONS):
        rule = path.replace("{", "<").replace("}", ">")
        state.add_url_rule(rule, f"path{number}", _build_view(path), **options)
    state.add_url_rule("/openapi.json", "openapi", _openapi_response, methods=["GET"])
    state.add_url_rule("/<path:rest>", "not_found", _build_view(""), **options)


def _openapi_response() -> Response:
    return json_response(openapi.build_description())


def _build_view(path: str) -> Callable[..., Response]:
    """Whatever comes to this path: first the token, then the method, then the work."""

    def view(**parts: str) -> Response:
        try:
            _check_token()
            operations = OPERATIONS.get(path, {})
            method = "GET" if request.method == "HEAD" else request.method
            if not operations:
                raise RequestProblem(404, "There is nothing at this address.")
            if method not in operations:
                raise RequestProblem(405, f"Here works {' and '.join(operations)}.", Allow=", ".join(operations))
            operation = operations[method]
            body = _parse_body() if operation.takes else {}
            schema.validate(body, operation)
            return HANDLERS[operation.name](parts, body)
        except RequestProblem as problem:
            return _problem_response(problem.status, str(problem), problem.headers)
        except HTTPException as refusal:
            return _problem_response(refusal.code or 400, refusal.description or refusal.name)
        except ResourceNotFound as missing:
            return _problem_response(404, str(missing))
        except KeyError:  # it went while we looked
            return _problem_response(404, "There is no such endpoint.")
        except EndpointDisabled as sentence:
            return _problem_response(409, str(sentence))
        except (ValidationError, RequestFailed) as wrong:
            return _problem_response(422, str(wrong))

    return view


def _check_token() -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    tokens = current_app.extensions["settings"].api_tokens
    if scheme.lower() != "bearer" or not matches_any(given.strip(), tokens):
        raise RequestProblem(401, "Send one of API_TOKENS as Authorization: Bearer.", **{"WWW-Authenticate": "Bearer"})


def _parse_body() -> dict[str, Any]:
    """The JSON object that came; nothing is an empty one."""
    request.max_content_length = MAX_BODY_BYTES
    raw = request.get_data()
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise RequestProblem(415, "Send JSON, as application/json.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise RequestProblem(400, "The body is no JSON.") from None
    if not isinstance(body, dict):
        raise RequestProblem(422, "The body must be a JSON object.")
    return body


def _problem_response(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    told = json_response({"type": "about:blank", "status": status, "detail": sentence}, status, **(headers or {}))
    told.content_type = "application/problem+json"
    return told
