"""Pictures and sounds: fetched once, kept, and handed out again on the exchange's own origin."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_to_bytes

from ringback.service.sids import new_sid

MAX_MEDIA_BYTES = 5 * 1024 * 1024
INLINE_CONTENT_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/", "text/plain")


@dataclass(eq=False)
class Media:
    """One picture or sound. `source` is where it came from; `parent` the message it belongs to."""

    content_type: str
    body: bytes
    source: str
    created: datetime
    parent: str = ""
    account: str = ""
    sid: str = field(default_factory=lambda: new_sid("ME"))
    seconds: float = 0.0

    @property
    def path(self) -> str:
        return f"/media/{self.sid}"

    @property
    def rest_path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account}/Messages/{self.parent}/Media/{self.sid}"

    @property
    def inline(self) -> bool:
        """May a browser show it, rather than save it? Nothing that could run a script."""
        return self.content_type.startswith(INLINE_CONTENT_TYPES)

    def as_json(self) -> dict[str, str]:
        source = self.source if len(self.source) < 500 else ""
        return {"url": self.path, "content_type": self.content_type, "source": source}


def from_data_url(url: str, now: datetime) -> Media | None:
    """A picture handed over in its own address (`data:image/png;base64,…`), None if that cannot be read."""
    head, comma, data = url[5:].partition(",")
    try:
        body = base64.b64decode(data, validate=True) if head.endswith(";base64") else unquote_to_bytes(data)
    except binascii.Error:
        return None
    if not comma or len(body) > MAX_MEDIA_BYTES:
        return None
    return Media(head.partition(";")[0] or "text/plain", body, "", now)
