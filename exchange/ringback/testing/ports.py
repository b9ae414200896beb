"""TCP ports that stay free until this process uses them."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Below Linux's range for outgoing connections: /proc/sys/net/ipv4/ip_local_port_range begins at 32768.
PORTS = range(20_000, 32_000)
LOCKS = Path(tempfile.gettempdir()) / f"reserved-ports-{os.getuid()}"
held: list[int] = []  # file descriptors; the locks end with the process


def reserved_port() -> int:
    """A port on which nothing listens. No other test process gets the port until this process ends."""
    LOCKS.mkdir(exist_ok=True)
    for port in random.sample(PORTS, 1_000):
        lock = os.open(LOCKS / str(port), os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            continue
        held.append(lock)
        return port
    raise AssertionError("every port is taken")
