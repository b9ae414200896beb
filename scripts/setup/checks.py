"""Checks that the demo can start, before anything is installed. It imports only the standard library.

This module and scripts/setup/install.py also run under an unsupported Python, so that they can report it.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
CONNECT_TIMEOUT_SECONDS = 2
DEFAULT_PORT, DEFAULT_EXCHANGE_PORT = "8000", "8001"


class CannotStart(Exception):
    """The demo cannot run. The message says why, and what to do."""


def check_python() -> None:
    """Raise CannotStart unless the app supports this Python."""
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        oldest, newest = (".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
        raise CannotStart(
            f"{sys.executable} is Python {sys.version.split()[0]}, but Python {oldest} to {newest} is required. "
            "If you have another one, name it: make demo PYTHON=python3.13"
        )


def read_ports(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return PORT and EXCHANGE_PORT. Raises CannotStart unless both ports are free and different."""
    port = environ.get("PORT") or DEFAULT_PORT
    exchange_port = environ.get("EXCHANGE_PORT") or DEFAULT_EXCHANGE_PORT
    if port == exchange_port:
        raise CannotStart(
            f"PORT and EXCHANGE_PORT are both {port}, but must differ: PORT=9000 EXCHANGE_PORT=9001 make demo"
        )
    check_port("PORT", port)
    check_port("EXCHANGE_PORT", exchange_port)
    return port, exchange_port


def check_port(name: str, value: str) -> None:
    """Raise CannotStart unless this is a free port."""
    if not (value.isascii() and value.isdigit()) or not 0 < int(value) < 65536:
        raise CannotStart(f"{name} is {value!r}, but must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except PermissionError:
            raise CannotStart(f"{name} is {value}, which only root may use. Choose one of at least 1024.") from None
        except OSError:
            raise CannotStart(
                f"Port {value} is in use, perhaps by another demo. Stop it, or choose another port: {name}=… make demo"
            ) from None


def check_store_address(environ: Mapping[str, str]) -> None:
    """Raise CannotStart if REDIS_URL is set and nothing listens at its address."""
    parts = urlsplit(environ.get("REDIS_URL") or "")
    if parts.scheme not in ("redis", "rediss"):  # config.py reports an invalid URL; unix:// has no address
        return
    try:
        host, port = parts.hostname or "localhost", parts.port or 6379
        socket.create_connection((host, port), CONNECT_TIMEOUT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"The store at REDIS_URL ({parts.netloc.rpartition('@')[2]}) does not respond: {error}. "
            "Start it, or unset REDIS_URL: then the demo starts its own."
        ) from None
