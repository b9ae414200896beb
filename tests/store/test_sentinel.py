"""Connections to the primary that Sentinel names."""

import pytest

from store import sentinel
from store.connection_budget import WEB
from store.outages import Patience, StoreUnavailable
from tests.support.ports import reserved_port


@pytest.fixture
def open_pool(redis):
    """Returns a new pool; its Sentinel names the test's own store."""
    pools = []

    def open_it():
        pool = sentinel.open_pool(f"redis+sentinel://127.0.0.1:{reserved_port()}/talk", WEB, retry=Patience(0.1))
        where = redis.connection_pool.connection_kwargs
        pool.connection_kwargs["connection_pool"].sentinel_manager.discover_master = lambda _: (
            where["host"],
            where["port"],
        )
        pools.append(pool)
        return pool

    yield open_it
    for pool in pools:
        pool.disconnect()


def test_a_store_that_is_not_the_primary_is_not_used_even_if_sentinel_names_it(open_pool, redis):
    pool = open_pool()
    pool.release(pool.get_connection())
    redis.replicaof("127.0.0.1", reserved_port())
    try:
        with pytest.raises(StoreUnavailable, match="not the primary"):
            open_pool().get_connection()
    finally:
        redis.replicaof("NO", "ONE")
    pool.release(pool.get_connection())


def test_without_a_sentinel_the_error_is_an_outage_and_names_the_service():
    pool = sentinel.open_pool(f"redis+sentinel://127.0.0.1:{reserved_port()}/talk", WEB, retry=Patience(0.1))
    with pytest.raises(StoreUnavailable, match=r"No Sentinel knows a primary of the service talk$"):
        pool.get_connection()


def test_a_lost_connection_asks_sentinel_again_within_the_same_command(open_pool, redis):
    pool = open_pool()
    connection = pool.get_connection()
    connection.disconnect()
    connection.host, connection.port = "127.0.0.1", reserved_port()  # the former primary
    connection.send_command("PING")
    assert connection.read_response() == b"PONG"
    pool.release(connection)


def test_credentials_certificates_and_the_database_of_the_url_are_used():
    url = "rediss+sentinel://ada:p%40ss@one,two/talk/2?sentinel_password=s3cret&ssl_ca_certs=ca.pem"
    pool = sentinel.open_pool(url, WEB, ssl_check_hostname=False)
    assert pool.connection_class is sentinel.PrimaryTlsConnection
    ours = pool.connection_kwargs
    assert (ours["username"], ours["password"], ours["db"], ours["ssl_ca_certs"]) == ("ada", "p@ss", 2, "ca.pem")
    (one, two) = (each.connection_pool for each in ours["connection_pool"].sentinel_manager.sentinels)
    theirs = one.connection_kwargs
    assert (theirs["host"], theirs["port"], theirs["password"]) == ("one", 26379, "s3cret")
    assert (theirs["ssl_ca_certs"], theirs["ssl_check_hostname"], two.connection_kwargs["host"]) == (
        "ca.pem",
        False,
        "two",
    )
