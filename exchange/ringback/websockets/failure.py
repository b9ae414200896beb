"""The failure of a WebSocket handshake, as a typed error."""

from __future__ import annotations

from typing import Any

from ringback.runtime import Runtime
from ringback.service.error_codes import message_of

TIMED_OUT, REFUSED, HANDSHAKE_ERROR, WRONG_SCHEME, MALFORMED_URL = 31901, 31902, 31920, 31922, 31923


class HandshakeFailed(Exception):
    """The app's WebSocket could not be opened. `code` is Twilio's error code, `detail` says what happened.

    `status` is the HTTP status of the response, 0 if there was none."""

    def __init__(self, code: int, url: str, detail: str = "", status: int = 0) -> None:
        super().__init__(detail)
        self.code, self.url, self.detail, self.status = code, url, detail, status

    @property
    def message(self) -> str:
        """The debugger's message for the failure."""
        return message_of(self.code, url=self.url, detail=self.detail)

    def report(self, runtime: Runtime, sid: str, handset: str, code: int = 0) -> None:
        """Report the failure to the debugger: with its own code, or with `code`, whose detail is then the message."""
        request: dict[str, Any] = {"method": "GET", "url": self.url, "parameters": []}
        runtime.debugger.report(
            code or self.code,
            sid=sid,
            handset=handset,
            request=request,
            response={"status": self.status, "headers": {}, "body": "", "seconds": 0.0} if self.status else None,
            url=self.url,
            detail=self.message if code else self.detail,
        )
