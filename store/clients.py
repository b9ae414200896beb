"""This process's store clients, which share one pool of connections."""

import threading
from typing import Any

import redis

from config import Settings
from settings import redis_url
from store import connection_budget, sentinel
from store.connection_budget import Role
from store.outages import OutageParser, Patience
from store.pool import Lane, Pool

CONNECT_TIMEOUT_SECONDS = 2
REPLY_TIMEOUT_SECONDS = 3  # longer than any blocking read
HEALTH_CHECK_SECONDS = 30  # a connection that has been idle for this long is checked with a PING


def connect(settings: Settings, role: Role = connection_budget.WORKER) -> redis.Redis:
    """Return this process's store client, created on first use, for a process with this role.

    Replies are bytes. Everything in this process that talks to the store uses this client, or a lane of it.
    """
    key = (settings.redis_url, settings.redis_tls_verify)
    with _clients_lock:
        if key not in _clients:
            _clients[key] = redis.Redis(connection_pool=_open_pool(settings, role))
    return _clients[key]


def lane(client: Any, kind: str) -> Any:
    """Return a client for this kind of use on the same pool; the same client if its pool is not a Pool."""
    pool = client.connection_pool
    if isinstance(pool, Lane):
        pool = pool.pool
    return redis.Redis(connection_pool=Lane(pool, kind)) if isinstance(pool, Pool) else client  # type: ignore[arg-type]


def pool_of(client: redis.Redis) -> Pool:
    """Return the pool of a client that `connect` returned."""
    pool = client.connection_pool
    assert isinstance(pool, Pool)
    return pool


def _open_pool(settings: Settings, role: Role) -> Pool:
    options: dict[str, Any] = {
        "client_name": role.name,
        "socket_connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "socket_timeout": REPLY_TIMEOUT_SECONDS,
        "health_check_interval": HEALTH_CHECK_SECONDS,
        "parser_class": OutageParser,
        "retry": Patience(role.patience_seconds),
    }
    if settings.redis_url.startswith("rediss") and not settings.redis_tls_verify:
        options |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    if redis_url.is_sentinel(settings.redis_url):
        return sentinel.open_pool(settings.redis_url, role, **options)
    return Pool.from_url(settings.redis_url, role=role, **options)


_clients: dict[tuple[str, bool], redis.Redis] = {}
_clients_lock = threading.Lock()
