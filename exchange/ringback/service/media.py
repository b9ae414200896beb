"""Media: images, audio and other files, which the exchange fetches once and serves from its own origin."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_to_bytes

from ringback.service.sids import new_sid

MAX_MEDIA = 2000
MAX_MEDIA_BYTES = 5 * 1024 * 1024
INLINE_CONTENT_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/", "text/plain")


@dataclass(eq=False)
class Media:
    """One file. `source` is the URL it was fetched from, and `parent` the SID of its message.

    `seconds` is its duration if it is audio."""

    content_type: str
    body: bytes
    source: str
    created: datetime
    parent: str = ""
    account: str = ""
    sid: str = field(default_factory=lambda: new_sid("ME"))
    seconds: float = 0.0
    is_deleted: bool = False  # by the REST API; the phone keeps the file

    @property
    def size(self) -> int:
        """The file's size in memory, in bytes."""
        return len(self.body)

    @property
    def path(self) -> str:
        return f"/media/{self.sid}"

    @property
    def rest_path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account}/Messages/{self.parent}/Media/{self.sid}"

    @property
    def inline(self) -> bool:
        """Whether a browser may display the file inline, because files of its content type cannot contain scripts."""
        return self.content_type.startswith(INLINE_CONTENT_TYPES)

    def as_json(self) -> dict[str, str]:
        source = self.source if len(self.source) < 500 else ""
        return {"url": self.path, "content_type": self.content_type, "source": source}


def from_data_url(url: str, now: datetime) -> Media | None:
    """The media in a data URL (`data:image/png;base64,…`), or None if it is invalid or larger than MAX_MEDIA_BYTES."""
    header, comma, data = url[5:].partition(",")
    try:
        body = base64.b64decode(data, validate=True) if header.endswith(";base64") else unquote_to_bytes(data)
    except binascii.Error:
        return None
    if not comma or len(body) > MAX_MEDIA_BYTES:
        return None
    return Media(header.partition(";")[0] or "text/plain", body, "", now)
