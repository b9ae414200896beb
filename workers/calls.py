"""What we know of a call: whether somebody is still on the line, and how far its documents have come."""

import time
from dataclasses import dataclass
from typing import Any

CALL_TTL_SECONDS = 24 * 3600  # seconds
FINAL_STATUSES = ("completed", "busy", "no-answer", "failed", "canceled")


@dataclass(frozen=True)
class Call:
    """`document` is the highest number of a document that the caller has acted on."""

    sid: str
    person: str
    status: str = "in-progress"
    document: int = 0
    answer_ids: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """True while nobody has told us that the call ended."""
        return self.status not in FINAL_STATUSES


def record_start(pipe: Any, sid: str, person: str) -> None:
    """A call came in."""
    _write(pipe, sid, person=person, began=time.time())


def record_document(pipe: Any, sid: str, document: int) -> None:
    """The caller has acted on this document; numbers only rise, and the caller of this function checked that."""
    _write(pipe, sid, document=document)


def add_pending_answer(pipe: Any, sid: str, ask: str) -> None:
    """The caller waits for this ask."""
    _write(pipe, sid, **{f"ask {ask}": 1})


def record_end(pipe: Any, sid: str, status: str) -> None:
    """Twilio says that it is over."""
    _write(pipe, sid, status=status)


def load(redis: Any, sid: str) -> Call:
    """What we know; a call we never heard of is taken to be live."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"call:{sid}").items()}
    waiting = tuple(name[4:] for name in row if name.startswith("ask "))
    return Call(sid, row.get("person", ""), row.get("status", "in-progress"), int(row.get("document", 0)), waiting)


def _write(pipe: Any, sid: str, **facts: Any) -> None:
    key = f"call:{sid}"
    pipe.hset(key, mapping=facts)
    pipe.expire(key, CALL_TTL_SECONDS)
