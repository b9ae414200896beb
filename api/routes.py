"""The endpoint API over HTTP, for programs that hold one of API_TOKENS: its paths, and how each request is checked."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

import context
from api import openapi
from api.handlers import HANDLERS, json_response
from api.openapi import Operation, Operations
from api.operations import ResourceNotFound
from api.problem_details import ERROR_RESPONSES, RequestProblem, problem_response
from api.request_fields import EXAMPLE_FIELDS, RECOVER_FIELDS, RESEND_FIELDS, ROTATE_FIELDS
from receiving.signature_checks import matches_any
from sending.http.errors import RequestFailed
from sending.json_validation import ValidationError, reject_if, validate_fields
from sending.webhooks.endpoints.endpoint_options import OPTION_SCHEMAS
from sending.webhooks.endpoints.stored_endpoints import ENDPOINT_ID_PATTERN, EndpointNotFound
from sending.webhooks.redelivery import EndpointDisabled
from web.request_body_limits import MAX_API_BODY_BYTES

bp = Blueprint("endpoint_api", __name__, url_prefix="/api")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

OPERATIONS: Operations = {
    "/endpoints": {
        "GET": Operation("list", "List all endpoints, oldest first", response_schema="EndpointList"),
        "POST": Operation(
            "create", "Create an endpoint and return its secret once", 201, "NewKey", OPTION_SCHEMAS, ("url",)
        ),
    },
    "/endpoints/{id}": {
        "GET": Operation("fetch", "Return an endpoint"),
        "PATCH": Operation("update", "Change the given options", body_fields=OPTION_SCHEMAS),
        "DELETE": Operation("delete", "Delete an endpoint and its waiting messages", 204, ""),
    },
    "/endpoints/{id}/rotate": {
        "POST": Operation(
            "rotate", "Add a new key; current keys keep signing for a while", 200, "NewKey", ROTATE_FIELDS
        )
    },
    "/endpoints/{id}/pause": {"POST": Operation("pause", "Stop sending; messages wait until sending resumes")},
    "/endpoints/{id}/resume": {"POST": Operation("resume", "Resume sending and reset the failure count")},
    "/endpoints/{id}/attempts": {
        "GET": Operation("attempts", "List the latest hundred attempts, newest first", response_schema="AttemptList")
    },
    "/endpoints/{id}/dead": {
        "GET": Operation(
            "dead", "List the latest hundred messages whose last attempt failed", response_schema="DeadLetterList"
        )
    },
    "/endpoints/{id}/resend": {
        "POST": Operation("resend", "Send a message again", 202, "Message", RESEND_FIELDS, ("message",))
    },
    "/endpoints/{id}/recover": {
        "POST": Operation(
            "recover", "Resend all messages that failed since a given time", 202, "Recovery", RECOVER_FIELDS, ("since",)
        )
    },
    "/endpoints/{id}/recoveries/{recovery}": {
        "GET": Operation("recovery", "Return the progress of a recovery", response_schema="Recovery")
    },
    "/endpoints/{id}/example": {
        "POST": Operation(
            "example", "Send an example of an event to this endpoint", 202, "Message", EXAMPLE_FIELDS, ("event_type",)
        )
    },
    "/events/{message}": {
        "GET": Operation("event", "Return the full event that a thin payload links to", response_schema="Event")
    },
}
PATH_PARAMETERS = {
    "id": f"^{ENDPOINT_ID_PATTERN.pattern}$",
    "recovery": "^rec_[0-9a-f]{16}$",
    "message": "^msg_[A-Za-z0-9_]{1,80}$",
}


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
    return json_response(openapi.build_description(OPERATIONS, PATH_PARAMETERS, ERROR_RESPONSES))


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
            _validate(body, operation)
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


def _parse_body() -> dict[str, Any]:
    """Return the request's JSON object; an empty body counts as an empty object."""
    request.max_content_length = MAX_API_BODY_BYTES
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


def _validate(body: Mapping[str, Any], operation: Operation) -> None:
    """Raise ValidationError unless the body has all required fields, and only known fields with valid values."""
    for name in operation.required:
        reject_if(name not in body, f"The field {name} is required.")
    validate_fields(body, operation.body_fields)
