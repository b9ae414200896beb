"""Pictures and recorded messages from the audience, served once the presenter has approved them."""

import io
import threading
import time
from collections import OrderedDict

import gevent
from flask import Response, abort, current_app, send_file
from PIL import Image, ImageOps

import context
from sending.twilio import calls_and_media
from sending.twilio.calls_and_media import MediaGone, MediaUnavailable
from show import moderation, talk_file
from show.base_scene import BROWSER_PHONE_PREFIX, SceneError
from show.moderated_scene import ModeratedScene
from show.moderation import ANSWERED, APPROVED, Item
from show.scenes.wall import PICTURE_FORMATS
from stage.blueprint import bp, get_page_store
from stage.presenter_session import is_logged_in

CONTENT_TYPES = {"picture": "image/jpeg", "message": "audio/wav"}
MAX_CACHED_BYTES = 16_000_000  # per process
MAX_AGE_SECONDS = 60  # then browsers ask again, in case an item has been hidden
RETRY_AFTER_SECONDS = 5
# A file that is opened directly may do nothing, whatever type a browser assumes.
POLICY = "default-src 'none'; sandbox"
PICTURE_SIZE = (1600, 900)  # in px, the largest on the stage
MAX_PIXELS = 50_000_000  # decoded, a picture of this size takes 150 MB
JPEG_QUALITY = 82


class MediaCache:
    """The files served most recently. One is downloaded at a time, so that many viewers cause only one request.

    Those who were waiting for a download that failed do not repeat it: they would have to wait one after the other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._failures: dict[str, tuple[float, type[Exception]]] = {}  # path -> when and how the last download failed

    def get(self, item: Item) -> bytes:
        """Return the item's file. Raises MediaUnavailable or InvalidPicture."""
        asked_at = time.monotonic()
        with self._lock:
            if item.media not in self._files:
                failed_at, failure = self._failures.get(item.media, (asked_at, MediaUnavailable))
                if failed_at > asked_at:  # while this viewer was waiting
                    raise failure
                try:
                    self._files[item.media] = _load(item)
                except (MediaUnavailable, InvalidPicture) as error:
                    self._failures[item.media] = (time.monotonic(), type(error))
                    raise
            self._files.move_to_end(item.media)
            while len(self._files) > 1 and sum(map(len, self._files.values())) > MAX_CACHED_BYTES:
                self._files.popitem(last=False)
            return self._files[item.media]


def _load(item: Item) -> bytes:
    from_exchange = item.person.startswith(BROWSER_PHONE_PREFIX)
    content = calls_and_media.download(context.settings(), item.media, from_exchange=from_exchange)
    return encode_in_thread(content) if item.kind == "picture" else content


@bp.get("/media/<scene_id>/<item_id>")
def media_file(scene_id: str, item_id: str) -> Response | tuple[str, int, dict[str, str]]:
    """The picture or recording of an item. 404 unless it is approved; the presenter also gets pending ones."""
    item = _find(scene_id, item_id)
    try:
        content = _cache().get(item)
    except (InvalidPicture, MediaGone):
        abort(404, "This is not a picture that can be shown, or it has been deleted.")
    except MediaUnavailable:
        return "Twilio does not return the file.\n", 503, {"Retry-After": str(RETRY_AFTER_SECONDS)}
    response = send_file(io.BytesIO(content), mimetype=CONTENT_TYPES[item.kind])
    response.headers["Content-Security-Policy"] = POLICY
    is_public = item.state in (APPROVED, ANSWERED)
    response.headers["Cache-Control"] = f"private, max-age={MAX_AGE_SECONDS}" if is_public else "no-store"
    return response


def _find(scene_id: str, item_id: str) -> Item:
    if not isinstance(talk_file.current_talk().find(scene_id), ModeratedScene):
        abort(404)
    try:
        item = moderation.load(get_page_store(), scene_id, item_id)
    except SceneError:
        abort(404)
    is_public = item.state in (APPROVED, ANSWERED)
    if item.kind not in CONTENT_TYPES or not (is_public or is_logged_in()):
        abort(404)
    return item


def _cache() -> MediaCache:
    """This process's cache, created on first use."""
    found: MediaCache = current_app.extensions.setdefault("media_cache", MediaCache())
    return found


class InvalidPicture(ValueError):
    """The bytes are not a picture in one of PICTURE_FORMATS, or it has more than MAX_PIXELS."""


def encode_in_thread(content: bytes) -> bytes:
    """Like `encode_picture`, which takes seconds for a large picture; meanwhile, this process serves other requests."""
    encoded: bytes | InvalidPicture = gevent.get_hub().threadpool.apply(_try_to_encode, (content,))
    if isinstance(encoded, InvalidPicture):
        raise encoded
    return encoded


def _try_to_encode(content: bytes) -> bytes | InvalidPicture:
    """Return InvalidPicture instead of raising it, because gevent would print its traceback."""
    try:
        return encode_picture(content)
    except InvalidPicture as error:
        return error


def encode_picture(content: bytes) -> bytes:
    """Return the picture as JPEG, upright, and without metadata such as the place where it was taken.

    Only the first frame of an animation is kept. Raises InvalidPicture.
    """
    try:
        with Image.open(io.BytesIO(content), formats=tuple(PICTURE_FORMATS.values())) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InvalidPicture(f"{picture.width} by {picture.height} pixels are too many")
            picture.draft("RGB", PICTURE_SIZE)  # decodes a large JPEG at a fraction of its size
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail(PICTURE_SIZE)
            return _encode_jpeg(upright)
    except InvalidPicture:
        raise
    except Exception as error:  # on damaged files, decoders raise many kinds of errors, such as struct.error
        raise InvalidPicture(f"not a picture: {type(error).__name__}") from error


def _encode_jpeg(picture: Image.Image) -> bytes:
    """Transparent parts become white."""
    flat = Image.new("RGB", picture.size, "white")
    opaque = picture.convert("RGBA")
    flat.paste(opaque, mask=opaque.getchannel("A"))
    output = io.BytesIO()
    flat.save(output, "JPEG", quality=JPEG_QUALITY)
    return output.getvalue()
