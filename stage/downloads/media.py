"""Pictures and recorded messages from the audience, served once the presenter has approved them."""

import io
import threading
from collections import OrderedDict

from flask import Response, abort, current_app, send_file

import context
from sending.twilio import calls_and_media
from sending.twilio.calls_and_media import MediaGone, MediaUnavailable
from show import moderation
from show.base_scene import BROWSER_PHONE_PREFIX, SceneError
from show.moderated_scene import ModeratedScene
from show.moderation import ANSWERED, APPROVED, Item
from show.talk import current_talk
from stage.blueprint import bp, get_page_store
from stage.downloads import pictures
from stage.downloads.pictures import InvalidPicture
from stage.presenter_session import is_logged_in

CONTENT_TYPES = {"picture": "image/jpeg", "message": "audio/wav"}
MAX_CACHED_BYTES = 16_000_000  # per process
MAX_AGE_SECONDS = 60  # then browsers ask again, in case an item has been hidden
RETRY_AFTER_SECONDS = 5
# A file that is opened directly may do nothing, whatever type a browser assumes.
POLICY = "default-src 'none'; sandbox"


class MediaCache:
    """The files served most recently. One is downloaded at a time, so that many viewers cause one request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[str, bytes] = OrderedDict()

    def get(self, item: Item) -> bytes:
        """Return the item's file. Raises MediaUnavailable or InvalidPicture."""
        with self._lock:
            if item.media not in self._files:
                from_exchange = item.person.startswith(BROWSER_PHONE_PREFIX)
                content = calls_and_media.download(context.settings(), item.media, from_exchange=from_exchange)
                self._files[item.media] = pictures.encode(content) if item.kind == "picture" else content
            self._files.move_to_end(item.media)
            while len(self._files) > 1 and sum(map(len, self._files.values())) > MAX_CACHED_BYTES:
                self._files.popitem(last=False)
            return self._files[item.media]


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
    if not isinstance(current_talk.talk().find(scene_id), ModeratedScene):
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
