"""Pictures and recorded messages on the wall, from the webhook to the browser."""

import contextlib
import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import gevent
import pytest
from PIL import Image

from sending.twilio import calls_and_media
from sending.twilio.calls_and_media import MediaUnavailable
from show import moderation
from show.base_scene import SceneView
from stage import audience_media
from stage.audience_media import PICTURE_SIZE, InvalidPicture, encode_picture
from tests.support.person import CALL_SID, PUBLIC_URL, RECORDING_SID
from tests.support.presenter import Presenter
from tests.support.waiting import LIMIT_SECONDS, eventually
from workers import recording_waveform
from workers.recording_waveform import AudioMeasurement

MEDIA_SID = "ME" + "0" * 32


def picture(format="JPEG", size=(40, 30), **options):
    output = io.BytesIO()
    Image.new("RGB", size, "red").save(output, format, **options)
    return output.getvalue()


@pytest.fixture
def twilio():
    """Serves `files`, path -> content, and lists the requested paths."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.paths.append(self.path)
            found = server.files.get(self.path.partition("/Accounts/")[2].partition("/")[2])
            self.send_response(200 if found is not None else server.status)
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.paths, server.status = {}, [], 404
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def environ(environ, twilio):
    return environ | {"TWILIO_API_URL": f"http://127.0.0.1:{twilio.server_port}"}


@pytest.fixture
def wall(go):
    return go("wall")


@pytest.fixture
def send_picture(wall, person, twilio):
    def send(content, content_type="image/jpeg", body=""):
        sid = f"MM{person.texts_sent:032d}"
        twilio.files[f"Messages/{sid}/Media/{MEDIA_SID}"] = content
        url = f"https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/{sid}/Media/{MEDIA_SID}"
        return person.texts(body, sid=sid, NumMedia="1", MediaUrl0=url, MediaContentType0=content_type)

    return send


@pytest.fixture
def waiting(redis):
    return lambda: moderation.list_pending(redis, ["wall"])


@pytest.fixture
def presenter(app, settings):
    client = Presenter(app, base_url=PUBLIC_URL)
    client.tries(settings.presenter_password)
    return client


def test_picture_is_served_only_once_it_is_approved(wall, send_picture, waiting, redis, visitor, presenter, draw_stage):
    assert send_picture(picture(), body="Our cat").startswith("Thank you.")
    [item] = waiting()
    path = f"/media/{item.reference}"
    assert visitor.get(path).status_code == 404
    preview = presenter.get(path)
    assert preview.status_code == 200 and preview.headers["Cache-Control"] == "no-store"
    wall.perform(redis, "approve", item.id)
    answer = visitor.get(path)
    assert answer.status_code == 200 and Image.open(io.BytesIO(answer.data)).size == (40, 30)
    assert path in draw_stage() and "Our cat" in draw_stage()
    wall.perform(redis, "hide", item.id)
    assert visitor.get(path).status_code == 404


def test_served_picture_can_be_nothing_else(wall, send_picture, waiting, redis, visitor):
    send_picture(picture("PNG") + b"<script>alert(1)</script>", "image/png")
    [item] = waiting()
    wall.perform(redis, "approve", item.id)
    answer = visitor.get(f"/media/{item.reference}")
    assert answer.headers["Content-Type"] == "image/jpeg" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"script" not in answer.data


@pytest.mark.parametrize(
    "content_type", ["image/svg+xml", "text/html", "application/pdf", "video/mp4", "image/heic", ""]
)
def test_other_files_are_refused_with_a_reason(send_picture, waiting, content_type):
    assert send_picture(b"<svg/>", content_type).startswith("I can show pictures in the formats JPEG")
    assert waiting() == []


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"%PDF-1.7", picture()[:200], picture("BMP"), b"\xff\xd8" * 99]
)
def test_file_that_is_not_what_it_claims_is_not_shown(wall, send_picture, waiting, redis, visitor, content):
    send_picture(content)
    [item] = waiting()
    wall.perform(redis, "approve", item.id)
    assert visitor.get(f"/media/{item.reference}").status_code == 404


def test_while_a_picture_is_decoded_other_requests_are_served(send_picture, waiting, presenter, monkeypatch):
    def decode(content):
        time.sleep(0.2)
        order.append("picture")
        return encode_picture(content)

    order = []
    send_picture(picture())
    monkeypatch.setattr(audience_media, "encode_picture", decode)
    gevent.spawn(order.append, "another request")
    assert presenter.get(f"/media/wall/{waiting()[0].id}").status_code == 200
    assert order == ["another request", "picture"]


def test_place_of_a_photo_is_removed_and_it_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif.get_ifd(0x8825)[1] = "N"
    found = Image.open(io.BytesIO(encode_picture(picture(exif=exif))))
    assert found.size == (30, 40) and not found.getexif()


def test_large_picture_is_reduced():
    assert Image.open(io.BytesIO(encode_picture(picture(size=(5000, 400))))).size[0] <= PICTURE_SIZE[0]


def test_picture_that_would_fill_the_memory_is_refused():
    with pytest.raises(InvalidPicture):
        encode_picture(picture("PNG", size=(9000, 9000)))


def test_download_that_fails_is_to_be_retried(wall, send_picture, waiting, redis, visitor, twilio):
    send_picture(picture())
    [item] = waiting()
    wall.perform(redis, "approve", item.id)
    twilio.files.clear()
    assert visitor.get(f"/media/{item.reference}").status_code == 404
    twilio.status = 500
    answer = visitor.get(f"/media/{item.reference}")
    assert answer.status_code == 503 and answer.headers["Retry-After"]


def test_many_viewers_cause_one_download(wall, send_picture, waiting, redis, visitor, twilio):
    send_picture(picture())
    [item] = waiting()
    wall.perform(redis, "approve", item.id)
    for _ in range(3):
        visitor.get(f"/media/{item.reference}")
    assert len(twilio.paths) == 1


class Clock:
    """Counts how often it is asked for the time."""

    asked = 0

    def monotonic(self):
        self.asked += 1
        return self.asked


def test_viewers_who_wait_for_a_download_that_fails_do_not_repeat_it(app, monkeypatch):
    def fail(*_, **__):
        downloads.append("download")
        have_all_asked.wait(LIMIT_SECONDS)
        raise MediaUnavailable

    def view():
        with app.app_context(), contextlib.suppress(MediaUnavailable):
            cache.get(item)

    downloads, have_all_asked, clock, cache = [], threading.Event(), Clock(), audience_media.MediaCache()
    item = moderation.Item("1", "wall", "ann", "Amber Otter", 1.0, kind="picture", media="Messages/SM1/Media/ME1")
    monkeypatch.setattr(calls_and_media, "download", fail)
    monkeypatch.setattr(audience_media, "time", clock, raising=False)
    viewers = [threading.Thread(target=view) for _ in range(5)]
    for viewer in viewers:
        viewer.start()
    eventually(lambda: clock.asked == len(viewers))
    have_all_asked.set()
    for viewer in viewers:
        viewer.join()
    assert len(downloads) == 1


@pytest.mark.parametrize("path", ["/media/wall/x", "/media/none/x", "/media/tabs/x", "/media/wall/" + "9" * 400])
def test_unknown_media_is_not_found(wall, visitor, path):
    assert visitor.get(path).status_code == 404


def test_recorded_message_is_on_the_wall_once_it_is_approved(wall, person, waiting, redis, visitor, twilio, draw_stage):
    callback = person.dials().presses("1").answer.text.split('recordingStatusCallback="')[1].split('"')[0]
    target = callback.partition("#")[0]
    assert target == "/voice/recording?scene=wall"
    fields = {"CallSid": person.call_sid, "RecordingSid": RECORDING_SID, "RecordingStatus": "completed"}
    for _ in range(2):
        assert person.post(target, fields | {"RecordingDuration": "7"}).status_code == 204
    [item] = waiting()
    assert item.kind == "message" and item.person and len(item.name.split()) == 2
    wall.perform(redis, "approve", item.id)
    assert f'data-play="/media/{item.reference}"' in draw_stage() and "waveform" not in draw_stage()
    recording_waveform.save(redis, RECORDING_SID, AudioMeasurement(7.0, -20.0, (0.5, 1.0)))
    assert "0:07" in draw_stage() and 'class="waveform"' in draw_stage()
    twilio.files[f"Recordings/{RECORDING_SID}.wav"] = b"RIFF" + b"\0" * 100
    answer = visitor.get(f"/media/{item.reference}", headers={"Range": "bytes=0-3"})
    assert answer.status_code == 206 and answer.data == b"RIFF" and answer.headers["Content-Type"] == "audio/wav"


def test_recording_for_no_scene_is_no_item(wall, person, waiting, redis):
    fields = {"CallSid": CALL_SID, "RecordingSid": RECORDING_SID, "RecordingStatus": "completed"}
    for target in ("/voice/recording", "/voice/recording?scene=none", "/voice/recording?scene=tabs"):
        person.post(target, fields)
    assert waiting() == [] and wall.figures(SceneView(redis))["pending"] == 0
