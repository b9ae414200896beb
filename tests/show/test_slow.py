"""The scene `slow`: tasks, queues and workers."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from show.base_scene import SceneError, SceneView
from show.scenes import slow

SID = "SM" + "0" * 31 + "1"


@pytest.fixture
def scene(go):
    return go("slow")


@pytest.fixture
def worker(redis, monkeypatch):
    """A process that is registered as a worker of this machine."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    redis.sadd("rq:workers", "rq:worker:vm-1234")
    row = {"pid": process.pid, "hostname": socket.gethostname(), "state": "idle", "successful_job_count": 3}
    redis.hset("rq:worker:vm-1234", mapping=row)
    redis.expire("rq:worker:vm-1234", 60)
    yield process
    process.kill()
    process.wait()


def test_task_is_a_bar_with_its_progress_and_without_its_words(look, person, stage_events):
    person.texts("check bananas.example")
    assert "Nobody is waiting" not in look()
    id = next(event.data["answer_id"] for event in stage_events.all() if event.type == "answer.queued")
    stage_events.publish("answer.started", SID, answer_id=id, attempt=1)
    stage_events.publish("answer.progress", SID, answer_id=id, done=0.4, words="asking bananas.example")
    assert '<rect class="fill" width="400"' in look()
    assert "working · 40 %" in look()
    assert "banana" not in look()
    stage_events.publish("answer.ready", SID, answer_id=id, answer="It is up.", seconds=1)
    assert "Nobody is waiting" in look()


def test_queues_show_what_is_waiting(look, person):
    person.texts("count")
    assert "texts</span> <b>1</b> waiting" in look()


def test_missing_workers_are_said_to_be_missing(look):
    assert "No worker is running" in look()


def test_worker_is_listed_and_killed_only_under_our_supervisor(look, scene, redis, worker, monkeypatch):
    assert "Worker 1234 · idle · 3 done" in look()
    assert scene.targets(SceneView(redis)) == []
    with pytest.raises(SceneError, match="supervisor"):
        scene.perform(redis, "kill", "vm-1234")
    assert worker.poll() is None
    monkeypatch.setenv("SUPERVISOR_ENABLED", "1")
    assert [target.id for target in scene.targets(SceneView(redis))] == ["vm-1234"]
    scene.perform(redis, "kill", "vm-1234")
    assert worker.wait(30) == -signal.SIGKILL
    assert "Worker 1234 · ended" in look()


@pytest.mark.parametrize("row", [{"hostname": "elsewhere"}, {"pid": 1}, {"pid": 0}, {"pid": 2**22 + 1}])
def test_worker_of_another_machine_or_session_is_not_killed(scene, redis, worker, monkeypatch, row):
    monkeypatch.setenv("SUPERVISOR_ENABLED", "1")
    redis.hset("rq:worker:vm-1234", mapping=row)
    with pytest.raises(SceneError):
        scene.perform(redis, "kill", "vm-1234")
    assert not slow.list_workers(redis)[0].is_ours
    assert os.getsid(worker.pid) == os.getsid(0)
