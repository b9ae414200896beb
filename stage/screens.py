"""The browsers that show the stage: each reports every 15 seconds that it is alive and how far it is behind."""

import json
import re
import time
from dataclasses import asdict, dataclass

import redis
from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from show.sanitize import sanitize_number
from stage.blueprint import bp, get_page_store
from stage.presenter_session import is_logged_in
from store import Store
from web.token_bucket import TokenBucket

SCREENS_KEY = "screens"  # sorted set: ids of screens, scored by the time of their last report
TTL_SECONDS = 45  # three reports
MAX_SCREENS = 1_000  # presenters' screens are admitted up to twice this number
MAX_LAG_SECONDS = 3600.0
BEHIND_SECONDS = 3.0
SIZE = re.compile(r"[1-9][0-9]{1,4}x[1-9][0-9]{1,4}")

# Stores a report, unless the screen is new and there are too many screens.
SAVE_SCRIPT = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[4])
local is_new = not redis.call('ZSCORE', KEYS[1], ARGV[1])
if is_new and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[5]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4])
return 1
"""

reports = TokenBucket(capacity=200, tokens_per_second=70)  # per process: what 1,000 screens send


@dataclass(frozen=True)
class Screen:
    """The last report of one browser. `lag` is in seconds, `size` is in CSS pixels, such as 1920x1080."""

    lag: float
    size: str
    is_presenters: bool
    seen_at: float

    @property
    def is_behind(self) -> bool:
        """Whether the audience would notice the lag."""
        return self.lag > BEHIND_SECONDS


@bp.post("/screens")
def report_screen() -> ResponseReturnValue:
    """Take a report: `id`, 16 hexadecimal digits of the browser's choice; `time`, of the last heartbeat; `size`.

    The lag is the age of the last heartbeat when the report arrives, so the browser's clock does not matter.
    """
    if not reports.acquire():
        return Response("Too many reports.\n", 429, {"Retry-After": "15"}, mimetype="text/plain")
    id, size, now = request.form.get("id", ""), request.form.get("size", ""), time.time()
    heard_at = sanitize_number(request.form.get("time", ""))
    if not re.fullmatch("[0-9a-f]{16}", id) or not SIZE.fullmatch(size) or not heard_at:
        abort(400, "Send id (16 hexadecimal digits), time (of the last heartbeat) and size (such as 1920x1080).")
    lag = round(min(max(now - heard_at, 0.0), MAX_LAG_SECONDS), 2)
    screen = Screen(lag, size, is_logged_in(), round(now, 2))
    try:
        _save(get_page_store(), id, screen)
    except redis.RedisError:
        return Response("Redis is not responding.\n", 503, {"Retry-After": "15"}, mimetype="text/plain")
    return "", 204


def _save(store: Store, id: str, screen: Screen) -> None:
    limit = MAX_SCREENS * 2 if screen.is_presenters else MAX_SCREENS
    arguments = (id, screen.seen_at, json.dumps(asdict(screen)), TTL_SECONDS, limit)
    store.eval(SAVE_SCRIPT, 2, SCREENS_KEY, f"screen:{id}", *arguments)


def load(store: Store, limit: int = 200) -> list[Screen]:
    """Return up to `limit` screens that have reported recently: presenters' first, then the largest."""
    ids = store.zrevrange(SCREENS_KEY, 0, limit - 1)
    rows = store.mget([f"screen:{id.decode()}" for id in ids]) if ids else []
    screens = [Screen(**json.loads(row)) for row in rows if row]
    return sorted(screens, key=lambda one: (not one.is_presenters, -int(one.size.partition("x")[0])))
