"""Errors as problem details: https://www.rfc-editor.org/rfc/rfc9457."""

from flask import Response

from api.handlers import json_response


class RequestProblem(Exception):
    """An error response with a status and a detail: RFC 9457."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers


def problem_response(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return the error as application/problem+json."""
    response = json_response({"type": "about:blank", "status": status, "detail": detail}, status, **(headers or {}))
    response.content_type = "application/problem+json"
    return response
