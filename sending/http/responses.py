"""Informational responses (1xx) before the final one are skipped; http.client by itself skips 100 only."""

import http.client
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

SWITCHING_PROTOCOLS = 101  # final: the connection speaks another protocol from then on


class FinalResponse(http.client.HTTPResponse):
    """Skips 102, 103 and any other 1xx, as a client must: https://www.rfc-editor.org/rfc/rfc9110#section-15.2."""

    def _read_status(self) -> Any:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 < status < 200 or status == SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)


class FinalConnection(HTTPConnection):
    """A connection whose response is a FinalResponse."""

    response_class = FinalResponse


class FinalTLSConnection(HTTPSConnection):
    """The same over TLS."""

    response_class = FinalResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = FinalConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = FinalTLSConnection


class FinalResponseAdapter(HTTPAdapter):
    """Makes a requests session skip informational responses."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def skip_informational(session: requests.Session) -> requests.Session:
    """Return the session, which from now on returns final responses only."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, FinalResponseAdapter())
    return session
