"""The endpoint API over HTTP, for programs that hold one of API_TOKENS; errors are problem details (RFC 9457)."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

import context
from api import openapi, schema
from api.handlers import HANDLERS, json_response
from api.operations import ResourceNotFound
from api.schema import OPERATIONS
from receiving.signatures import matches_any
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError
from sending.webhooks.endpoints.stored_endpoints import EndpointNotFound
from sending.webhooks.redelivery import EndpointDisabled

bp = Blueprint("endpoint_api", __name__, url_prefix="/api")
MAX_BODY_BYTES = 64 * 1024
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class RequestProblem(Exception):
    """An error response with a status and a detail: RFC 9457."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers


@bp.record
def register_routes(state: BlueprintSetupState) -> None:
    """Add a route for each path. Without API_TOKENS, there are none."""
    if not context.settings(state.app).api_tokens:
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
    """Return the view for a path and all its methods. The view checks the token first."""

    def view(**parameters: str) -> Response:
        try:
            _check_token()
            operations = OPERATIONS.get(path, {})
            method = "GET" if request.method == "HEAD" else request.method
            if not operations:
                raise RequestProblem(404, "There is nothing at this URL.")
            if method not in operations:
                raise RequestProblem(405, f"Use {' or '.join(operations)}.", Allow=", ".join(operations))
            operation = operations[method]
            body = _parse_body() if operation.body_fields else {}
            schema.validate(body, operation)
            return HANDLERS[operation.name](parameters, body)
        except RequestProblem as problem:
            return _problem_response(problem.status, str(problem), problem.headers)
        except HTTPException as error:
            return _problem_response(error.code or 400, error.description or error.name)
        except (ResourceNotFound, EndpointNotFound) as error:
            return _problem_response(404, str(error))
        except EndpointDisabled as error:
            return _problem_response(409, str(error))
        except (ValidationError, RequestFailed) as error:
            return _problem_response(422, str(error))

    return view


def _check_token() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not matches_any(token.strip(), context.settings().api_tokens):
        detail = "Send one of API_TOKENS in the Authorization header, as Bearer <token>."
        raise RequestProblem(401, detail, **{"WWW-Authenticate": "Bearer"})


def _parse_body() -> dict[str, Any]:
    """Return the request's JSON object; an empty body counts as an empty object."""
    request.max_content_length = MAX_BODY_BYTES
    raw = request.get_data()
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise RequestProblem(415, "Send JSON with the content type application/json.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise RequestProblem(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise RequestProblem(422, "The body must be a JSON object.")
    return body


def _problem_response(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return the error as application/problem+json: https://www.rfc-editor.org/rfc/rfc9457."""
    response = json_response({"type": "about:blank", "status": status, "detail": detail}, status, **(headers or {}))
    response.content_type = "application/problem+json"
    return response
