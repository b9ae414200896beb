"""The state of each call, in Redis: whether it is live, and which document the caller has reached."""

from dataclasses import dataclass
from typing import Any

from store import Pipe, Store, require
from store.erasure import Erasure, erases, scan

CALL_TTL_SECONDS = 24 * 3600
FINAL_STATUSES = ("completed", "busy", "no-answer", "failed", "canceled")


@dataclass(frozen=True)
class Call:
    """A call. `document` is the highest number of any TwiML document that the caller has acted on."""

    sid: str
    phone_number: str
    status: str = "in-progress"
    document: int = 0
    answer_ids: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether the final status is still pending."""
        return self.status not in FINAL_STATUSES


def record_start(pipe: Pipe, sid: str, phone_number: str) -> None:
    """Record an incoming call."""
    _write(pipe, sid, phone_number=phone_number)


def record_document(pipe: Pipe, sid: str, document: int) -> None:
    """Record that the caller has acted on this document. Its number must not be lower than the recorded one."""
    _write(pipe, sid, document=document)


def add_pending_answer(pipe: Pipe, sid: str, answer_id: str) -> None:
    """Record that the caller is waiting for this answer."""
    _write(pipe, sid, **{f"answer:{answer_id}": 1})


def record_end(pipe: Pipe, sid: str, status: str) -> None:
    """Record the final status."""
    _write(pipe, sid, status=status)


def require_live(pipe: Pipe, sid: str) -> None:
    """Have the commit of this pipeline raise ConditionFailed if the call has ended."""
    require(pipe, f"call:{sid}", "status", "")


def load(redis: Store, sid: str) -> Call:
    """Return the call with this sid. A call without a record counts as live."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"call:{sid}").items()}
    answer_ids = tuple(name.removeprefix("answer:") for name in row if name.startswith("answer:"))
    status, document = row.get("status", "in-progress"), int(row.get("document", 0))
    return Call(sid, row.get("phone_number", ""), status, document, answer_ids)


def _write(pipe: Pipe, sid: str, **fields: str | int) -> None:
    key, mapping = f"call:{sid}", dict[Any, Any](fields)
    pipe.hset(key, mapping=mapping)
    pipe.expire(key, CALL_TTL_SECONDS)


@erases("calls")
def erase(redis: Store, erasure: Erasure) -> int:
    """Erase calls: those of one person, or all in a complete erasure. Other calls expire after a day."""
    erased = 0
    for key in scan(redis, "call:CA*"):
        number = (redis.hget(key, "phone_number") or b"").decode()
        if erasure.is_everything or (erasure.number and erasure.covers(number, 0)):
            erasure.sids.add(key.removeprefix("call:"))
            erased += redis.delete(key)
    return erased
