"""How many connections to the store each process may hold, so that two releases fit side by side during a deploy.

Every process registers in one sorted set, and renews its entry while it lives. The processes of one release share half
of the connections that the store accepts, because a deploy runs two releases at once.
"""

import os
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

PROCESSES_KEY = "store:processes"  # sorted set: <role>:<host>:<pid>:<token>, scored by expiry time
PROCESS_TTL_SECONDS = 10
HEARTBEAT_SECONDS = 2.0
# A larger share is used only after this many consecutive heartbeats have granted it; more than the usual only after
# SPARE_HEARTBEATS, because other processes of the same release may still be starting.
STEADY_HEARTBEATS, SPARE_HEARTBEATS = 5, 15
RESERVED_CONNECTIONS = 2  # for the release step, command-line tools and the operator
ASSUMED_MAX_CLIENTS = 20  # if INFO has no maxclients: the limit of Heroku's smallest store

# Uses the store's clock, because clocks differ between machines. Returns all live members.
REGISTER_SCRIPT = f"""
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now + {PROCESS_TTL_SECONDS}, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('EXPIRE', KEYS[1], {PROCESS_TTL_SECONDS})
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""


@dataclass(frozen=True)
class Role:
    """A kind of process, and how many connections it needs.

    It starts with `least`, of which `blocking` may be in a blocking read. `usual` is its part of the budget; `most`,
    with `most_blocking`, is what it uses if the store has plenty. A guest has no share of its own: the workers give up
    part of theirs. `patience_seconds` is how long the process waits for a free connection, and how long it
    retries a command.
    """

    name: str
    blocking: int
    least: int
    usual: int
    most: int
    patience_seconds: float
    most_blocking: int = 0
    is_guest: bool = False
    is_registered: bool = True

    def blocking_at(self, limit: int) -> int:
        """Return how many of `limit` connections may be in a blocking read."""
        return max(self.blocking, self.most_blocking) if limit >= self.most else self.blocking


WEB = Role("web", blocking=1, least=2, usual=2, most=12, patience_seconds=3)
WORKER = Role("worker", blocking=2, least=3, usual=5, most=20, patience_seconds=90, most_blocking=5)
REPLACED = Role("replaced", blocking=1, least=2, usual=0, most=2, patience_seconds=1, is_guest=True)
ISOLATED = Role("isolated", blocking=0, least=2, usual=0, most=2, patience_seconds=90, is_guest=True)
TOOL = Role("tool", blocking=0, least=1, usual=0, most=1, patience_seconds=3, is_registered=False)  # uses the reserve
ROLES = {role.name: role for role in (WEB, WORKER, REPLACED, ISOLATED)}


def share(role: Role, registered: Sequence[Role], max_clients: int) -> int:
    """Return how many connections a process may hold while these roles, including its own, are registered."""
    if role.is_guest:
        return role.least
    budget = (max_clients - RESERVED_CONNECTIONS) // 2
    hosts = [one for one in registered if not one.is_guest] or [role]
    extra = max(0, budget - sum(one.usual for one in hosts)) // len(hosts)
    guests = sum(one.least for one in registered if one.is_guest) if role is WORKER else 0
    workers = max(1, sum(one is WORKER for one in hosts))
    return max(role.least, min(role.most, role.usual + extra - -(-guests // workers)))


class Registration:
    """This process's entry in PROCESSES_KEY, and its share as derived from all entries."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.id = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        self.granted = deque([role.least] * SPARE_HEARTBEATS, SPARE_HEARTBEATS)

    def renew(self, client: Any) -> int:
        """Register, and return the number of connections that this process may hold now."""
        member = f"{self.role.name}:{self.id}"
        rows = client.eval(REGISTER_SCRIPT, 1, PROCESSES_KEY, member)
        roles = [ROLES[name] for row in rows if (name := row.decode().partition(":")[0]) in ROLES]
        granted = share(self.role, roles, read_max_clients(client))
        if granted == self.role.most:  # the store has plenty, so no process goes short
            self.granted.extend([granted] * SPARE_HEARTBEATS)
        self.granted.append(granted)
        steady = min(list(self.granted)[-STEADY_HEARTBEATS:])
        return max(min(steady, self.role.usual), min(self.granted))


def describe_connections(client: Any) -> str:
    """Describe how many of the available connections are in use, such as "7 of 18 used"."""
    used = client.info("clients")["connected_clients"]
    return f"{used} of {read_max_clients(client) - RESERVED_CONNECTIONS} used"


def read_max_clients(client: Any) -> int:
    """Return how many connections the store accepts: https://redis.io/docs/latest/commands/info/."""
    return int(client.info("clients").get("maxclients", ASSUMED_MAX_CLIENTS))
