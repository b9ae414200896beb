"""Finds the TCP ports on which the started app and its child processes listen."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path

LISTEN = (
    "0A"  # the state TCP_LISTEN in /proc/net/tcp: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
)
LSOF_SECONDS = 5.0
DEBUGGER_PORTS = {9229, 5678}  # the defaults of Node's inspector and debugpy: never the app itself


def listening_ports(session: int) -> set[int]:
    """Returns the ports of the processes in the session whose leader has this process id, without debuggers' ports.

    Reads /proc on Linux; elsewhere asks lsof about the leader's process group. Without either, the set is empty."""
    proc = Path("/proc")
    ports = _from_proc(proc, session) if (proc / "net/tcp").exists() else _from_lsof(session)
    return ports - DEBUGGER_PORTS


def _from_proc(proc: Path, session: int) -> set[int]:
    inodes = {inode for folder in proc.glob("[0-9]*") if _session(folder) == session for inode in _sockets(folder)}
    ports = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):  # tcp6 is missing without IPv6
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN and fields[9] in inodes:
                    ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def _session(folder: Path) -> int:
    """The session of a process, 0 if it has ended. See proc(5): the name, in parentheses, may contain anything."""
    with suppress(OSError):
        return int((folder / "stat").read_text().rpartition(")")[2].split()[3])
    return 0


def _sockets(folder: Path) -> set[str]:
    """The inodes of the sockets that a process has open."""
    inodes = set()
    with suppress(OSError):
        for descriptor in os.listdir(folder / "fd"):
            with suppress(OSError):
                inodes.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(folder / "fd" / descriptor)))
    return inodes


def _from_lsof(group: int) -> set[int]:
    command = ["lsof", "-a", "-nP", "-iTCP", "-sTCP:LISTEN", f"-g{group}", "-Fn"]
    with suppress(OSError, subprocess.TimeoutExpired):
        listed = subprocess.run(  # noqa: S603 (the command is ours)
            command, capture_output=True, text=True, timeout=LSOF_SECONDS, check=False
        )
        return {int(port) for port in re.findall(r"^n.*:(\d+)$", listed.stdout, re.MULTILINE)}
    return set()
