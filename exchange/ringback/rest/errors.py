"""REST API errors with Twilio's codes, messages and JSON format.

https://www.twilio.com/docs/usage/twilios-response (2026-11)"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ringback.service.error_codes import ERROR_CODES, message_of

DOCS = "https://www.twilio.com/docs/errors/"  # followed by the code, this is more_info (2026-11)


class RestError(Exception):
    """An error with one of Twilio's codes.

    `values` fill the placeholders in the code's message; `message` replaces the whole message, and `status` the code's
    HTTP status."""

    def __init__(self, code: int, /, status: int | None = None, message: str = "", **values: object) -> None:
        self.code = code
        self.status = status or ERROR_CODES[code].status
        super().__init__(message or message_of(code, **values))

    def response(self) -> web.Response:
        body: dict[str, Any] = {
            "code": self.code,
            "message": str(self),
            "status": self.status,
        }
        if self.code in ERROR_CODES:
            body["more_info"] = f"{DOCS}{self.code}"
        headers = {"Retry-After": "1"} if self.status == 429 else {}
        if self.status == 401:
            body["detail"] = ERROR_CODES[self.code].mend
            headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return web.json_response(body, status=self.status, headers=headers)


class NotEmulated(RestError):
    """A 501 error that names what the exchange does not emulate."""

    def __init__(self, what: str) -> None:
        super().__init__(501, status=501, message=f"The local exchange does not emulate {what}")


def not_found(path: str) -> RestError:
    return RestError(20404, path=path)
