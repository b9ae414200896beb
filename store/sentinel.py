"""A pool of connections to the store that Redis Sentinel currently names as the primary.

https://redis.io/docs/latest/develop/reference/sentinel-clients/
"""

import threading
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry
from redis.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPoolProxy,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from settings import redis_url
from store.connection_budget import Role
from store.outages import StoreUnavailable
from store.pool import Pool

DEFAULT_PORT = 26379  # https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
SENTINEL_TIMEOUT_SECONDS = 1  # then the next Sentinel is asked
TLS_OPTIONS = "ssl"  # the prefix of redis-py's options for certificates, which the Sentinels share with the store


class PrimaryConnection(SentinelManagedConnection):
    """A connection to the primary. It is not used before the store itself has confirmed that it is a primary."""

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        """Connect. Within a command, redis-py would retry the old address: https://github.com/redis/redis-py/issues/3874."""
        if retry_socket_connect:
            self.connect()
        else:  # called by `connect`, with the address from Sentinel
            super().connect_check_health(check_health, retry_socket_connect)

    def on_connect_check_health(self, check_health: bool = True) -> None:
        """Prepare a new connection. Raises StoreUnavailable if Sentinel's answer was out of date."""
        super().on_connect_check_health(check_health)
        self.send_command("ROLE", check_health=False)
        if self.read_response()[0] != b"master":
            raise StoreUnavailable("Sentinel named a store that is not the primary")


class PrimaryTlsConnection(PrimaryConnection, SentinelManagedSSLConnection):
    """A PrimaryConnection over TLS."""


class PrimaryDiscovery(SentinelConnectionPoolProxy):
    """Asks the Sentinels for the primary, one thread at a time: redis-py reorders its list of Sentinels as it asks."""

    def __init__(self, pool: Pool, service: str, sentinel: Sentinel) -> None:
        super().__init__(pool, is_master=True, check_connection=False, service_name=service, sentinel_manager=sentinel)
        self.lock = threading.Lock()

    def get_master_address(self) -> tuple[str, int]:
        """Return the primary's host and port. Raises StoreUnavailable if no Sentinel knows a primary."""
        with self.lock:
            try:
                host, port = super().get_master_address()
            except MasterNotFoundError:
                raise StoreUnavailable(f"No Sentinel knows a primary of the service {self.service_name}") from None
        return host, port


def open_pool(url: str, role: Role, **options: Any) -> Pool:
    """Return a pool for the primary of the Sentinels in this URL. `options` are redis-py's for connections."""
    parts = redis_url.split(url)
    connection_options = parse_url(parts.primary_url) | options
    is_tls = connection_options.pop("connection_class", None) is not None
    sentinel_options = {
        name: connection_options.pop(f"sentinel_{name}")
        for name in ("username", "password")
        if f"sentinel_{name}" in connection_options
    }
    sentinel_options |= {name: value for name, value in connection_options.items() if name.startswith(TLS_OPTIONS)}
    sentinel_options |= {"ssl": is_tls, "socket_timeout": SENTINEL_TIMEOUT_SECONDS, "retry": Retry(NoBackoff(), 0)}
    connection_class = PrimaryTlsConnection if is_tls else PrimaryConnection
    del connection_options["host"]
    pool = Pool(role, connection_class=connection_class, **connection_options)
    addresses = [(host, port or DEFAULT_PORT) for host, port in parts.sentinels]
    sentinel = Sentinel(addresses, sentinel_kwargs=sentinel_options)
    pool.connection_kwargs["connection_pool"] = PrimaryDiscovery(pool, parts.service, sentinel)
    return pool
