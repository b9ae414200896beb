"""The body of a request to the endpoint API: its largest size, and its JSON."""

import json
from typing import Any

from flask import request

from api.problem_details import RequestProblem

MAX_BODY_BYTES = 64 * 1024


def parse_body() -> dict[str, Any]:
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
