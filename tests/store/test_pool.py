"""The pool of connections: its limit, who goes first, and what it does in an outage of the store."""

import gc
import signal
import subprocess
import sys
import threading
import time
from weakref import WeakSet

import pytest
import redis as redis_client

from store import clients, connection_budget, outages
from store.connection_budget import REPLACED, WEB, WORKER
from store.outages import StoreUnavailable
from store.pool import BLOCKING, COMMANDS, OPTIONAL, PAGES, PRIORITIES
from tests.support.processes import ROOT
from tests.support.waiting import eventually

# Four greenlets share two connections, and each needs one for 0.2 s.
GREENLETS = """
from gevent import monkey
monkey.patch_all()
import dataclasses, sys, threading, types
import gevent, redis
from store import clients, connection_budget

clients.REPLY_TIMEOUT_SECONDS = 2
pool = clients._open_pool(
    types.SimpleNamespace(redis_url=sys.argv[1], redis_tls_verify=True),
    dataclasses.replace(connection_budget.WEB, patience_seconds=2),
)
pool._heartbeat = threading.current_thread()
client = redis.Redis(connection_pool=pool)
greenlets = [gevent.spawn(client.blpop, "nothing", 0.2) for _ in range(4)]
gevent.sleep(0.01)
print("waiting", flush=True)
gevent.joinall(greenlets, raise_error=True)
"""


@pytest.fixture
def client(settings, redis):
    """A client of its own pool, without heartbeats."""
    pool = clients._open_pool(settings, WEB)
    pool._heartbeat = threading.current_thread()
    pool.set_limit(3)
    yield redis_client.Redis(connection_pool=pool)
    pool.disconnect()


@pytest.fixture
def pool(client):
    return clients.pool_of(client)


@pytest.mark.parametrize(
    ("processes", "max_clients", "expected"),
    [
        ([WEB, WEB, WORKER], 20, [2, 2, 5]),
        ([WEB, WEB, WORKER, REPLACED], 20, [2, 2, 3, 2]),
        ([WEB, WEB, WORKER] * 2, 20, [2, 2, 5] * 2),
        ([WEB, WEB, WORKER, REPLACED] * 2, 20, [2, 2, 3, 2] * 2),
        ([WEB, WEB, WORKER], 40, [5, 5, 8]),
        ([WEB, WEB, WORKER], 10_000, [12, 12, 20]),
    ],
)
def test_all_shares_fit_also_twice_during_a_deploy(processes, max_clients, expected):
    shares = [connection_budget.share(role, processes, max_clients) for role in processes]
    assert shares == expected
    assert sum(shares) <= max_clients - connection_budget.RESERVED_CONNECTIONS


def test_a_process_that_died_gives_its_share_to_the_others(redis, monkeypatch):
    monkeypatch.setattr(connection_budget, "read_max_clients", lambda _: 40)
    mine = connection_budget.Registration(WEB)
    redis.zadd(connection_budget.PROCESSES_KEY, {"worker:died": 1, "worker:other": 9e12})
    shares = [mine.renew(redis) for _ in range(connection_budget.SPARE_HEARTBEATS)]
    assert (shares[0], shares[-1]) == (WEB.least, 8)


def test_process_that_starts_half_a_minute_after_another_finds_its_connections_free(redis, monkeypatch):
    monkeypatch.setattr(connection_budget, "read_max_clients", lambda _: 20)
    first = connection_budget.Registration(WORKER)
    shares = [first.renew(redis) for _ in range(connection_budget.SPARE_HEARTBEATS)]
    assert (shares[connection_budget.STEADY_HEARTBEATS], shares[-2], shares[-1]) == (WORKER.usual, WORKER.usual, 9)


def test_no_more_connections_than_the_limit_and_the_wait_is_bounded(pool, monkeypatch):
    monkeypatch.setattr(pool.registration, "role", WEB)
    taken = [pool.get_connection() for _ in range(3)]
    released = threading.Timer(0.2, pool.release, [taken.pop()])
    released.start()
    taken.append(pool.get_connection())
    with pytest.raises(StoreUnavailable):
        pool.take(OPTIONAL)
    for connection in taken:
        pool.release(connection)
    pool.set_limit(1)
    assert pool._count() == 1


@pytest.mark.parametrize("kind", [COMMANDS, PAGES])
def test_whoever_has_waited_long_goes_before_whoever_has_just_released(pool, kind, monkeypatch):
    def wait_for_it():
        connection = pool.take(kind)
        order.append("waiting")
        pool.release(connection)

    monkeypatch.setattr("store.pool.FAIR_AFTER_SECONDS", 0)
    order, mine = [], [pool.take(kind)]
    pool.set_limit(1)
    other = threading.Thread(target=wait_for_it)
    other.start()
    eventually(lambda: pool._waiting[kind] == 1)
    pool.release(mine.pop())
    mine.append(pool.take(kind))
    order.append("released")
    other.join()
    pool.release(mine.pop())
    assert order == ["waiting", "released"]


def test_time_in_which_the_process_was_not_running_is_no_outage(settings):
    """The replies have arrived when it runs again, but under gevent, all timeouts have expired before them."""
    command = [sys.executable, "-c", GREENLETS, settings.redis_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(2.5)
        process.send_signal(signal.SIGCONT)
        assert process.wait() == 0


def test_blocking_reads_leave_a_connection_for_commands(pool, client):
    reader = clients.lane(client, BLOCKING)
    threads = [threading.Thread(target=reader.blpop, args=("nothing",), daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: pool._waiting[BLOCKING] == 2)
    assert client.ping()
    assert pool._waiting[BLOCKING] == 2
    client.rpush("nothing", 1, 2, 3)
    for thread in threads:
        thread.join()


def test_pages_never_take_the_last_connection_of_webhooks(pool):
    page = pool.take(PAGES)
    with pytest.raises(StoreUnavailable):
        pool.take(OPTIONAL)
    pool.release(pool.get_connection())
    pool.release(page)


def test_a_role_can_change_while_another_thread_takes_a_connection(pool):
    class Interrupted(WeakSet):
        def __iter__(self):
            for connection in super().__iter__():
                if not thread.ident:
                    thread.start()
                    thread.join(0.2)
                yield connection

    thread = threading.Thread(target=pool.get_connection, daemon=True)
    pool._taken[COMMANDS] = Interrupted()
    taken = pool.get_connection()
    pool.set_role(REPLACED)
    assert taken.retry.seconds == REPLACED.patience_seconds


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Python warns of the lost sockets
def test_a_connection_that_a_job_lost_is_not_counted(pool):
    lost = [pool.get_connection() for _ in range(3)]
    del lost
    gc.collect()
    pool.release(pool.get_connection())


@pytest.mark.parametrize("code", ["READONLY", "OOM", "MISCONF", "MASTERDOWN", "CLUSTERDOWN", "LOADING"])
def test_an_outage_closes_the_connection_and_is_raised_as_one(pool, client, code):
    connection = pool.get_connection()
    connection.retry.seconds = 0.1
    pool.release(connection)
    with pytest.raises(outages.OUTAGE):
        client.eval(f"return redis.error_reply('{code} not now')", 0)
    assert not connection.is_connected
    assert client.ping()


def test_one_pool_for_everything_that_a_process_asks_for(settings):
    first, second = clients.connect(settings), clients.connect(settings)
    lanes = [clients.lane(first, kind) for kind in PRIORITIES]
    assert first is second
    assert all(one.connection_pool.pool is first.connection_pool for one in lanes)
