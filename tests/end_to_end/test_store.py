"""The store at its limits and in trouble: few connections, a pause, a crash, a failover. Everybody gets the answer."""

import http.client
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
import redis as redis_client

from scripts.demo_store import find_program
from store import connection_budget
from tests.support.deployment import Deployment, Handset
from tests.support.ports import reserved_port
from tests.support.tcp_switch import TcpSwitch

ANSWER_SECONDS = 90.0
MOST_CONNECTIONS = 9
APOLOGIES = ("went wrong", "in time")
NUMBERS = count(300)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A store of Heroku's smallest size."""
    town = Deployment(tmp_path_factory.mktemp("town"))
    town.commands["store"] += " --maxclients 20 --maxmemory 25mb --maxmemory-policy noeviction"
    try:
        yield town.start()
    finally:
        town.stop()


@pytest.fixture
def small_town(town):
    """The same deployment: processes that a test has stopped or killed run again afterwards."""
    yield town
    town.repair()


@pytest.fixture
def viewers(small_town):
    """Twenty browsers that watch the stage."""
    opened = [http.client.HTTPConnection("127.0.0.1", small_town.web_port, timeout=30) for _ in range(20)]
    for viewer in opened:
        viewer.request("GET", "/events")
        assert viewer.getresponse().status == 200
    yield opened
    for viewer in opened:
        viewer.close()


def people(town, number):
    return [Handset(town, f"+447700900{next(NUMBERS)}") for _ in range(number)]


def apologies(handset):
    return [body for body in handset.received() if any(words in body for words in APOLOGIES)]


def all_know_each_other(town):
    """Wait until each process has renewed its share since all of them registered."""
    key, ttl = connection_budget.PROCESSES_KEY, connection_budget.PROCESS_TTL_SECONDS
    town.until(lambda: town.redis.zcard(key) == 3, "all processes are registered")
    began, _ = town.redis.time()
    town.until(lambda: town.redis.zrange(key, 0, 0, withscores=True)[0][1] > began + ttl, "each share is renewed")


def test_on_a_store_with_twenty_connections_all_get_their_answers_and_a_set_holds_nine(small_town, viewers):
    all_know_each_other(small_town)
    held, done = [], threading.Event()
    with redis_client.Redis(port=small_town.store_port, single_connection_client=True) as observer:

        def observe():
            while not done.wait(0.02):
                held.append(len(observer.client_list()) - 1)

        observing = threading.Thread(target=observe)
        observing.start()
        crowd = people(small_town, 40)
        with ThreadPoolExecutor(40) as pool:
            list(pool.map(lambda person: person.texts("count"), crowd))
            list(pool.map(lambda person: person.gets("asked this number", ANSWER_SECONDS), crowd))
        done.set()
        observing.join()
    assert max(held) <= MOST_CONNECTIONS
    assert [apologies(person) for person in crowd] == [[]] * 40
    assert small_town.get(f"{small_town.web}/health")["connections"].endswith("of 18 used")


def test_unsigned_requests_take_no_connection_from_genuine_ones(small_town):
    def forge(_):
        connection = http.client.HTTPConnection("127.0.0.1", small_town.web_port, timeout=30)
        connection.request("POST", "/sms", b"Body=x", {"Content-Type": "application/x-www-form-urlencoded"})
        status = connection.getresponse().status
        connection.close()
        return status

    crowd = people(small_town, 5)
    with ThreadPoolExecutor(100) as pool:
        forged = pool.map(forge, range(500))
        for person in crowd:
            person.texts("time")
        assert set(forged) == {403}
    assert all(person.gets("It is ") for person in crowd)
    log = (small_town.folder / "web.log").read_text()
    assert "Traceback" not in log
    assert log.count("Rejected POST") < 500


def test_a_pause_of_the_store_is_nobodys_failure(small_town, site):
    crowd = people(small_town, 5)
    site.delay()
    for person in crowd:
        person.texts(f"check {site.address}")
    small_town.until(lambda: site.visits >= 5, "the workers are at it")
    store = small_town.running["store"]
    os.kill(store.pid, signal.SIGSTOP)
    try:
        site.respond()
        time.sleep(7)  # longer than any time-out of a command
    finally:
        os.kill(store.pid, signal.SIGCONT)
    for person in crowd:
        person.gets("127.0.0.1 is up and", ANSWER_SECONDS)
    assert [apologies(person) for person in crowd] == [[]] * 5


def test_crashes_of_the_store_are_nobodys_failure(small_town, site):
    crowd = people(small_town, 5)
    site.delay()
    for person in crowd:
        person.texts(f"check {site.address}")
    small_town.until(lambda: site.visits >= 5, "the workers are at it")
    small_town.kill("store")
    site.respond()
    small_town.start("store")
    small_town.kill("store")
    small_town.start("store")
    for person in crowd:
        person.gets("127.0.0.1 ", ANSWER_SECONDS)
    assert [apologies(person) for person in crowd] == [[]] * 5


@pytest.fixture
def replica(tmp_path):
    """Another store, empty."""
    port = reserved_port()
    command = [find_program(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield port
    process.kill()
    process.wait()


def test_after_a_failover_everything_works_again_without_a_restart(tmp_path, replica):
    town = Deployment(tmp_path, WEB_CONCURRENCY="1")
    switch = TcpSwitch(town.store_port)
    town.environ["REDIS_URL"] = f"redis://127.0.0.1:{switch.port}"
    try:
        town.start()
        primary, other = town.redis, redis_client.Redis(port=replica)
        other.replicaof("127.0.0.1", town.store_port)
        town.until(lambda: other.info("replication")["master_link_status"] == "up", "the replica follows")
        (before,) = people(town, 1)
        before.texts("count")
        before.gets("asked this number")
        other.replicaof("NO", "ONE")
        primary.replicaof("127.0.0.1", replica)
        switch.target = replica
        (after,) = people(town, 1)
        town.until(lambda: town.get(f"{town.web}/health/ready"), "web and worker are ready")
        after.texts("count")
        after.gets("asked this number")
        assert apologies(after) == []
        assert "Traceback" not in (town.folder / "web.log").read_text()
    finally:
        town.stop()
        switch.close()
