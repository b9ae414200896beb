"""Skips informational responses (1xx) before the final response; http.client by itself skips only 100."""

import http.client
import socket
import time
from typing import Any

import requests
from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

MAX_CONNECT_SECONDS = 15  # less than outbox.SENDING_TIMEOUT_SECONDS
SWITCHING_PROTOCOLS = 101  # final: from then on, the connection uses another protocol


class FinalResponse(http.client.HTTPResponse):
    """Skips 102, 103 and all other 1xx, as clients must: https://www.rfc-editor.org/rfc/rfc9110#section-15.2."""

    def _read_status(self) -> Any:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 < status < 200 or status == SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)


class FinalConnection(HTTPConnection):
    """A connection whose responses are FinalResponses. It is not used if it took too long to open.

    The lookup of a name has no timeout, and a text that is sent so late may have been sent by another process.
    """

    response_class = FinalResponse

    def _new_conn(self) -> socket.socket:
        began = time.monotonic()
        sock = super()._new_conn()
        if time.monotonic() - began > MAX_CONNECT_SECONDS:
            sock.close()
            raise ConnectTimeoutError(self, f"Connecting to {self.host} took too long.")
        return sock


class FinalTLSConnection(FinalConnection, HTTPSConnection):
    """A FinalConnection over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = FinalConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = FinalTLSConnection


class FinalResponseAdapter(HTTPAdapter):
    """Makes a requests session skip informational responses."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def skip_informational(session: requests.Session, pool_size: int = DEFAULT_POOLSIZE) -> requests.Session:
    """Make the session return only final responses, and keep `pool_size` connections to a host. Return the session."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, FinalResponseAdapter(pool_maxsize=pool_size))
    return session
