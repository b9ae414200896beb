"""The responses to exceptions that no view has handled, such as HTTP errors, an unreachable store or a bug."""

import logging
from collections.abc import Callable

from flask import Response
from gunicorn.http.errors import ParseException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from werkzeug.exceptions import HTTPException


def _text_response(sentence: str, status: int, **headers: str) -> Response:
    return Response(sentence + "\n", status, headers, content_type="text/plain; charset=utf-8")


def _retry_later(sentence: str) -> Response:
    return _text_response(sentence, 503, **{"Retry-After": "5"})


def _http_error(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _text_response(error.description or error.name, error.code or 500, **headers)


def _malformed_body(error: ParseException) -> Response:
    logging.getLogger(__name__).warning("A request has a malformed body: %s", type(error).__name__)
    return _text_response("The body of this request is malformed.", 400)


def _store_unavailable(error: Exception) -> Response:
    logging.getLogger(__name__).error("Redis is not responding: %s", error)
    return _retry_later("Our data store is not responding. Please try again.")


def _internal_error(error: Exception) -> Response:
    logging.getLogger(__name__).exception("A request failed", exc_info=error)
    return _text_response("Something went wrong on our side. The error has been logged.", 500)


ERROR_HANDLERS: dict[type[Exception], Callable[..., Response]] = {
    RedisConnectionError: _store_unavailable,
    RedisTimeoutError: _store_unavailable,
    ParseException: _malformed_body,  # gunicorn parses a chunked body only while we read it
    HTTPException: _http_error,
    Exception: _internal_error,
}
