"""What we know of a call: whether somebody is still on the line, and how far its documents have come."""

from dataclasses import dataclass
from typing import Any

CALL_TTL_SECONDS = 24 * 3600  # seconds
FINAL_STATUSES = ("completed", "busy", "no-answer", "failed", "canceled")


@dataclass(frozen=True)
class Call:
    """`document` is the highest number of a document that the caller has acted on."""

    sid: str
    phone_number: str
    status: str = "in-progress"
    document: int = 0
    answer_ids: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """True while nobody has told us that the call ended."""
        return self.status not in FINAL_STATUSES


def record_start(pipe: Any, sid: str, phone_number: str) -> None:
    """A call came in."""
    _write(pipe, sid, phone_number=phone_number)


def record_document(pipe: Any, sid: str, document: int) -> None:
    """The caller has acted on this document; numbers only rise, and the caller of this function checked that."""
    _write(pipe, sid, document=document)


def add_pending_answer(pipe: Any, sid: str, answer_id: str) -> None:
    """The caller waits for this ask."""
    _write(pipe, sid, **{f"answer:{answer_id}": 1})


def record_end(pipe: Any, sid: str, status: str) -> None:
    """Twilio says that it is over."""
    _write(pipe, sid, status=status)


def load(redis: Any, sid: str) -> Call:
    """What we know; a call we never heard of is taken to be live."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"call:{sid}").items()}
    waiting = tuple(name.removeprefix("answer:") for name in row if name.startswith("answer:"))
    return Call(
        sid, row.get("phone_number", ""), row.get("status", "in-progress"), int(row.get("document", 0)), waiting
    )


def _write(pipe: Any, sid: str, **fields: Any) -> None:
    key = f"call:{sid}"
    pipe.hset(key, mapping=fields)
    pipe.expire(key, CALL_TTL_SECONDS)
