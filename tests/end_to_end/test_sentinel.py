"""Redis Sentinel: a primary, a replica and three Sentinels. Web and worker follow the primary, and nobody notices."""

import contextlib
import time

import pytest
import redis as redis_client

from scripts.demo_store import find_program
from tests.support.deployment import Deployment, Handset
from tests.support.ports import reserved_port

SERVICE, SENTINELS = "talk", 3
APOLOGIES = ("went wrong", "in time")


class SentinelDeployment(Deployment):
    """All processes, with a replica of the store, and Sentinels that replace the primary after a second."""

    def __init__(self, folder):
        super().__init__(folder, WEB_CONCURRENCY="1")
        self.replica_port, self.sentinel_ports = reserved_port(), [reserved_port() for _ in range(SENTINELS)]
        (folder / "replica").mkdir()
        replica = f"{self.store_command(self.replica_port, 'replica')} --replicaof 127.0.0.1 {self.store_port}"
        sentinels = {f"sentinel-{port}": self._configure_sentinel(port) for port in self.sentinel_ports}
        self.commands = {"store": self.commands["store"], "replica": replica, **sentinels, **self.commands}
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinel_ports)
        self.environ["REDIS_URL"] = f"redis+sentinel://{hosts}/{SERVICE}"

    def _configure_sentinel(self, port):
        path = self.folder / f"sentinel-{port}.conf"
        path.write_text(
            f"bind 127.0.0.1\nport {port}\nsentinel monitor {SERVICE} 127.0.0.1 {self.store_port} 2\n"
            f"sentinel down-after-milliseconds {SERVICE} 1000\nsentinel failover-timeout {SERVICE} 5000\n"
        )
        return f"{find_program()} {path} --sentinel"

    @property
    def replica(self):
        return redis_client.Redis(port=self.replica_port)

    def primary_port(self):
        """The port of the primary, according to a running Sentinel."""
        for port in self.sentinel_ports:
            with contextlib.suppress(redis_client.ConnectionError):
                return redis_client.Redis(port=port).sentinel_get_master_addr_by_name(SERVICE)[1]
        return None

    def knows_everything(self):
        """Whether each Sentinel knows the others and the replica, and the replica has all data."""
        for port in self.sentinel_ports:
            state = redis_client.Redis(port=port).sentinel_master(SERVICE)
            if (state["num-slaves"], state["num-other-sentinels"]) != (1, SENTINELS - 1):
                return False
        return self.replica.info("replication")["master_link_status"] == "up"

    def fails_over(self):
        """Start a failover as docs/scale.md says. Whether the Sentinel was ready for it: it must know the replica."""
        with contextlib.suppress(redis_client.ResponseError):
            sentinel = redis_client.Redis(port=self.sentinel_ports[0])
            return sentinel.execute_command("SENTINEL", "FAILOVER", SERVICE, "COORDINATED")
        return False

    def is_followed(self):
        with contextlib.suppress(redis_client.ConnectionError):  # it starts
            return self.redis.info("replication")["connected_slaves"]

    def is_replicated(self):
        ours, theirs = self.redis.info("replication"), self.replica.info("replication")
        return ours["master_repl_offset"] == theirs["slave_repl_offset"]


@pytest.fixture
def town(tmp_path):
    town = SentinelDeployment(tmp_path)
    try:
        # A Sentinel that starts before the replica follows hears of it only ten seconds later.
        town.run("store", "replica")
        town.until(town.is_followed, "the replica follows")
        town.start()
        town.until(town.knows_everything, "the Sentinels know each other and the replica")
        yield town
    finally:
        town.stop()


@pytest.fixture
def crowd(town):
    return [Handset(town, f"+4477009003{number:02}") for number in range(6)]


def apologies(handset):
    return [body for body in handset.received() if any(words in body for words in APOLOGIES)]


def test_when_the_primary_dies_web_and_worker_continue_on_the_replica_and_no_answer_is_lost(town, crowd, site):
    site.delay()
    for person in crowd[:5]:
        person.texts(f"check {site.address}")
    town.until(lambda: site.visits >= 5, "the workers are at it")
    town.until(town.is_replicated, "the replica has everything")
    town.kill("store")
    town.kill(f"sentinel-{town.sentinel_ports[0]}")
    killed_at = time.monotonic()
    site.respond()
    town.until(lambda: town.primary_port() == town.replica_port, "the Sentinels have promoted the replica")
    town.until(lambda: town.get(f"{town.web}/health/ready"), "web and worker are ready")
    print(f"ready {time.monotonic() - killed_at:.1f} s after the primary was killed")
    for person in crowd[:5]:
        person.gets("127.0.0.1 is up and")
    crowd[5].texts("count")
    crowd[5].gets("asked this number")
    assert [person.received() for person in crowd[:5] if len(person.received()) != 2] == []
    assert [apologies(person) for person in crowd] == [[]] * 6
    assert "Traceback" not in (town.folder / "web.log").read_text()


def test_texts_during_a_planned_failover_are_all_answered(town, crowd):
    town.until(town.fails_over, "a Sentinel starts a failover")
    for person in crowd:
        person.texts("count")
    for person in crowd:
        person.gets("asked this number")
    town.until(lambda: town.primary_port() == town.replica_port, "the Sentinels have promoted the replica")
    assert town.replica.zcard("store:processes") > 0
    assert [apologies(person) for person in crowd] == [[]] * 6
