"""Problem details: the API's error responses, as application/problem+json. https://www.rfc-editor.org/rfc/rfc9457."""

from flask import Response

from api.handlers import json_response

ERROR_RESPONSES = {
    "400": "The body is not JSON",
    "401": "The token is missing or wrong",
    "404": "Not found",
    "405": "The method is not allowed",
    "409": "The endpoint's state does not allow this; `detail` says what to do first",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "The body is not valid",
}


class RequestProblem(Exception):
    """An error response with a status and a detail."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers


def problem_response(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return the error with this status and detail."""
    response = json_response({"type": "about:blank", "status": status, "detail": detail}, status, **(headers or {}))
    response.content_type = "application/problem+json"
    return response
