"""A recording of the stage, and its playback."""

import json
from itertools import islice, pairwise

import pytest
from flask import Flask

from ringback.testing.wsgi_server import serving
from scripts import playback, record

FRAMES = [(0.5, "<b>one</b>"), (12.5, "<b>two</b>")]


def test_scenes_are_taken_from_the_event_stream():
    lines = [
        "retry: 1000",
        "",
        "event: heartbeat",
        "data: {}",
        "",
        "id: 1-0",
        "event: scene",
        'data: {"html": "<p>"}',
        "",
    ]
    assert list(record.scenes(iter(lines))) == ["<p>"]


@pytest.mark.parametrize("speed", [1, 4])
def test_frames_are_played_in_their_time(speed):
    waited = []
    stream = playback.play(FRAMES, speed, waited.append)
    shown = []
    while len(shown) < 2:
        item = next(stream)
        if "scene" in item:
            shown.append((round(sum(waited) * speed, 3), json.loads(item.split("data: ")[1])["html"]))
    assert shown == FRAMES


def test_heartbeats_continue_while_nothing_changes_and_after_the_end():
    stream = playback.play(FRAMES, 1, lambda _: None)
    assert ["heartbeat" in item for item in islice(stream, 6)] == [False, True, True, False, True, True]


def test_page_is_marked_as_a_recording_and_shows_the_first_frame():
    page = playback.create_app(FRAMES, 1).test_client().get("/").text
    assert "Recording</p>" in page
    assert "<title>Recording</title>" in page
    assert "<b>one</b>" in page


def test_file_that_cannot_be_written_is_named(tmp_path, monkeypatch, capsys):
    path = tmp_path / "missing" / "recording.jsonl"
    monkeypatch.setenv("FILE", str(path))
    assert record.main() == 1
    assert capsys.readouterr().err == f"{path} cannot be written: No such file or directory\n"


@pytest.mark.parametrize(("content", "error"), [("", "it is empty"), ("{}\n", "line 1"), ("nonsense", "line 1")])
def test_file_that_is_no_recording_is_refused(tmp_path, content, error):
    path = tmp_path / "recording.jsonl"
    path.write_text(content)
    with pytest.raises(ValueError, match=error):
        playback.read(path)


@pytest.mark.parametrize("speed", [1, 10])
def test_playback_redraws_at_most_four_times_a_second_and_ends_with_the_last_scene(speed):
    frames = [(number * 0.1, f"scene {number}") for number in range(100)]
    shown = playback.at_most_four_per_second(frames, speed)
    assert min(later[0] - earlier[0] for earlier, later in pairwise(shown)) / speed > 0.25
    assert shown[-1][1] == "scene 99"


def test_pictures_are_recorded_once_and_played(tmp_path):
    app, requested = Flask(__name__), []

    @app.get("/media/wall/<item_id>")
    def picture(item_id):
        requested.append(item_id)
        return (b"\xff\xd8", {"Content-Type": "image/jpeg"}) if item_id == "one" else ("", 503)

    html, known = '<img src="/media/wall/one"><button data-play="/media/wall/two">', set()
    with serving(app) as origin:
        rows = [*record.media_rows(origin, html, known), *record.media_rows(origin, html, known)]
    assert sorted(requested) == ["one", "two", "two"]

    path = tmp_path / "recording.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (*rows, {"at": 0.5, "html": html})))
    frames, media = playback.read(path)
    client = playback.create_app(frames, 1, media).test_client()
    found = client.get("/media/wall/one")
    assert (found.data, found.content_type, frames) == (b"\xff\xd8", "image/jpeg", [(0.5, html)])
    assert client.get("/media/wall/two").status_code == 404


def test_reports_of_the_screen_are_no_errors_during_playback():
    assert playback.create_app(FRAMES, 1).test_client().post("/screens").status_code == 204
