"""The responses to exceptions that no view has handled, such as HTTP errors, an unreachable store or a bug."""

import http
import logging
from collections.abc import Callable

from flask import Response, jsonify, render_template, request
from gunicorn.http.errors import ParseException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.exceptions import HTTPException

from web.security_headers import CONTENT_SECURITY_POLICY

MEDIA_TYPES = ("text/plain", "text/html", "application/json")  # the first one if the client does not care


def _respond(sentence: str, status: int, **headers: str) -> Response:
    """Return a page for browsers, JSON for API clients, and text for all others, such as senders of webhooks."""
    media_type = request.accept_mimetypes.best_match(MEDIA_TYPES, "text/plain")
    if media_type == "application/json":
        response = jsonify(error=sentence)
    elif media_type == "text/html":
        name = http.HTTPStatus(status).phrase
        page = render_template("error.html", name=name, sentence=sentence, status=status)
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers |= {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
    else:
        response = Response(sentence + "\n", content_type="text/plain; charset=utf-8")
    response.status_code = status
    response.headers |= headers
    return response


def _retry_later(sentence: str) -> Response:
    return _respond(sentence, 503, **{"Retry-After": "5"})


def _http_error(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _respond(error.description or error.name, error.code or 500, **headers)


def _malformed_body(error: ParseException) -> Response:
    logging.getLogger(__name__).warning("A request has a malformed body: %s", type(error).__name__)
    return _respond("The body of this request is malformed.", 400)


def _store_unavailable(error: Exception) -> Response:
    logging.getLogger(__name__).error("Redis is not responding: %s", error)
    return _retry_later("Our data store is not responding. Please try again.")


def _internal_error(error: Exception) -> Response:
    logging.getLogger(__name__).exception("A request failed", exc_info=error)
    return _respond("Something went wrong on our side. The error has been logged.", 500)


ERROR_HANDLERS: dict[type[Exception], Callable[..., Response]] = {
    RedisConnectionError: _store_unavailable,
    RedisTimeoutError: _store_unavailable,
    ParseException: _malformed_body,  # gunicorn parses a chunked body only while we read it
    HTTPException: _http_error,
    Exception: _internal_error,
}
