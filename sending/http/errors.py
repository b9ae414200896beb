"""The exception that a failed request raises."""

from typing import Literal

Cause = Literal["blocked", "dns", "connect", "tls", "timeout", "too large", "protocol"]


class RequestFailed(Exception):
    """There is no response. `cause` is machine-readable; `detail` is a sentence that reveals nothing internal.

    blocked: our rules do not allow this URL. dns: the name does not exist or cannot be resolved. connect: the server
    does not accept connections. tls: the certificate or the handshake is invalid. timeout: the request took too long.
    too large: the response headers are too large. protocol: the response is incomplete or is not valid HTTP.
    """

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause: Cause = cause
        self.detail = detail
        self.elapsed = 0.0  # seconds, set by the client


def url_blocked(detail: str) -> RequestFailed:
    """Return the RequestFailed for a URL that our rules do not allow."""
    return RequestFailed("blocked", detail)
