"""The endpoint API over HTTP, for programs that hold one of API_TOKENS."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

import context
from api import openapi, schema
from api.handlers import HANDLERS, json_response
from api.operations import ResourceNotFound
from api.problem_details import RequestProblem, problem_response
from api.request_body import parse_body
from api.schema import OPERATIONS
from receiving.signatures import matches_any
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError
from sending.webhooks.endpoints.stored_endpoints import EndpointNotFound
from sending.webhooks.redelivery import EndpointDisabled

bp = Blueprint("endpoint_api", __name__, url_prefix="/api")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


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
            body = parse_body() if operation.body_fields else {}
            schema.validate(body, operation)
            return HANDLERS[operation.name](parameters, body)
        except RequestProblem as problem:
            return problem_response(problem.status, str(problem), problem.headers)
        except HTTPException as error:
            return problem_response(error.code or 400, error.description or error.name)
        except (ResourceNotFound, EndpointNotFound) as error:
            return problem_response(404, str(error))
        except EndpointDisabled as error:
            return problem_response(409, str(error))
        except (ValidationError, RequestFailed) as error:
            return problem_response(422, str(error))

    return view


def _check_token() -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not matches_any(token.strip(), context.settings().api_tokens):
        detail = "Send one of API_TOKENS in the Authorization header, as Bearer <token>."
        raise RequestProblem(401, detail, **{"WWW-Authenticate": "Bearer"})
