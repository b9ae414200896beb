"""The outbox: every text and call is recorded before it is sent, so that it is sent exactly once.

States and transitions:
    planned -> sending         its turn has come (sending/pacing.py), and a process starts the request to Twilio
    sending -> sent, failed    Twilio responded
    sending -> planned         Twilio did nothing (429, no connection): retry later
    sending -> unknown         Twilio may have acted (timeout, 5xx, dead process): look the message up before any retry
    unknown -> sent, planned   the lookup found the message (sent) or did not (planned)
    sent -> planned            a status callback reported that Twilio dropped the message: retry later
"""

import time
from dataclasses import dataclass
from typing import Any

import events
from masking import mask
from sending import unanswered_texts
from sending.segments import count_segments, shorten
from store import Pipe, Store, commit_if_unchanged, new_pipeline
from store.erasure import Erasure, erases, scan

WAITING_KEY = "outbox:waiting"  # sorted set: ids of messages waiting for the sender, scored by planning time
NOTIFICATIONS_KEY = "notifications:waiting"  # the same for messages to followers, which wait behind answers
SENDERS_KEY = "outbox:senders"  # set: our addresses for which messages were planned, except the default number
DUE_KEY = "outbox:due"  # sorted set: ids of messages in progress or postponed, scored by the time of their next check
MESSAGE_PREFIX = "outbox:"  # followed by the id of a message
ANSWER_PREFIX = "answer:"  # prefix of the ids of answers to questions
CALL_PREFIX = "call:"  # prefix of the ids of messages that are spoken in a call to one person
NOTIFICATION_PREFIX = "notify-"  # prefix of the ids of messages to followers
INSTEAD_OF_CALL_SUFFIX = ":text"  # turns the id of a follower's unanswered call into the id of the text sent instead
PRIVATE_PREFIX = "private:"  # prefix of the ids of texts whose words no page may show
MESSAGE_TTL_SECONDS = 7 * 24 * 3600
SENDING_TIMEOUT_SECONDS = 30  # a request is sent within half of it or not at all, so its process must have died
MAX_TRIES = 6  # tries in which Twilio may have acted
SID_TTL_SECONDS = 24 * 3600  # a lookup finds only texts that were created after the message's last try began
SETTLED_STATES = ("sent", "failed")
PARSERS = {"tries": int, "is_counted": int, "segments": int, "planned_at": float, "started_at": float}


@dataclass(frozen=True)
class OutboundMessage:
    """One text or call to one person. `subject` is the SID of the call or text that caused it, or "".

    `sender` is the address of ours from which it is sent, such as whatsapp:+447700900100; "" is the default number.
    """

    id: str
    to: str
    body: str
    subject: str
    sender: str = ""
    state: str = "planned"
    sid: str = ""
    reason: str = ""
    tries: int = 0  # tries in which Twilio may have acted
    is_counted: int = 0  # 1 once the message has been counted in the limits
    planned_at: float = 0.0  # Unix timestamp in seconds
    started_at: float = 0.0  # start of the last try
    segments: int = 1

    @property
    def is_settled(self) -> bool:
        """Whether the message has been sent or has failed, so nothing more will be tried."""
        return self.state in SETTLED_STATES

    @property
    def is_personal_call(self) -> bool:
        """Whether the message is spoken in a call and is not a notification."""
        return self.id.startswith(CALL_PREFIX)

    @property
    def is_notification(self) -> bool:
        """Whether the message is sent because the recipient follows a topic, not because they asked for it."""
        return self.id.startswith(NOTIFICATION_PREFIX)

    @property
    def is_answer(self) -> bool:
        """Whether a person who asked a question is waiting for this message."""
        return self.id.startswith(ANSWER_PREFIX)


def plan(pipe: Store | Pipe, message: OutboundMessage, now: float | None = None, queue_key: str = WAITING_KEY) -> None:
    """Record the message in the transaction of whatever causes it. Does nothing if its id has already been recorded.

    `queue_key` may name other queues, for low-priority messages.
    """
    key, now = f"{MESSAGE_PREFIX}{message.id}", now or time.time()
    row: dict[str, str | float] = {"to": message.to, "body": message.body, "subject": message.subject}
    row["sender"] = message.sender
    row |= {"state": "planned", "planned_at": now, "segments": count_segments(shorten(message.body))}
    for name, value in row.items():
        pipe.execute_command("HSETNX", key, name, value)
    pipe.execute_command("EXPIRE", key, MESSAGE_TTL_SECONDS)
    pipe.execute_command("ZADD", queue_of(message.sender, queue_key), "NX", now, message.id)
    if message.sender:
        pipe.execute_command("SADD", SENDERS_KEY, message.sender)
        pipe.execute_command("EXPIRE", SENDERS_KEY, MESSAGE_TTL_SECONDS)


def queue_of(sender: str, queue_key: str = WAITING_KEY) -> str:
    """Return the key of the sender's own queue: a slow sender must not delay the messages of another."""
    return f"{queue_key}:{sender}" if sender else queue_key


def list_senders(redis: Store) -> list[str]:
    """Return the senders of messages planned in the last few days; the default number is ""."""
    return ["", *sorted(sender.decode() for sender in redis.smembers(SENDERS_KEY))]


def load(redis: Store, id: str) -> OutboundMessage | None:
    """Return the message with this id, or None if it does not exist or has expired."""
    row = {name.decode(): value.decode() for name, value in redis.hgetall(f"{MESSAGE_PREFIX}{id}").items()}
    if not row:
        return None
    fields: dict[str, Any] = {name: PARSERS.get(name, str)(value) for name, value in row.items()}
    return OutboundMessage(**{"id": id, "to": "", "body": "", "subject": "", **fields})


def start_sending(redis: Store, message: OutboundMessage, now: float | None = None) -> bool:
    """planned -> sending. Returns False if another process was faster."""
    now = now or time.time()
    fields = {"tries": message.tries + 1, "started_at": now}
    return _transition(redis, message.id, "planned", "sending", fields, next_check_at=now + SENDING_TIMEOUT_SECONDS)


def settle(redis: Store, message: OutboundMessage, expected: str, state: str, **fields: Any) -> bool:
    """expected -> sent or failed. Returns False if the message was no longer in the expected state.

    A sent message keeps its body: until its final status is known, Twilio may drop it (see `postpone`).
    """
    pipe = new_pipeline(redis)
    unanswered_texts.close(pipe, message.to, message.id.removeprefix(ANSWER_PREFIX))
    if state == "failed":
        forget_body(pipe, message)
    return _transition(redis, message.id, expected, state, fields, next_check_at=None, pipe=pipe)


def publish_sent(redis: Store, message: OutboundMessage, sid: str) -> None:
    """Publish that Twilio has accepted the text; without its words if no page may show them."""
    body = shorten(message.body)
    words = "" if message.id.startswith((PRIVATE_PREFIX, CALL_PREFIX)) else body
    data = {"who": mask(message.to), "answer": words, "segments": count_segments(body)}
    events.publish(redis, "text.sent", message.subject or sid, **data, is_notification=message.is_notification)


def forget_body(pipe: Store | Pipe, message: OutboundMessage) -> None:
    """Reduce a sent or failed message to what later callbacks need, since it will never be sent again."""
    key = f"{MESSAGE_PREFIX}{message.id}"
    pipe.delete(key)
    kept = ("state", "sid", "subject", "reason", "planned_at")
    pipe.hset(key, mapping={name: getattr(message, name) for name in kept})
    pipe.expire(key, MESSAGE_TTL_SECONDS)


def mark_unknown(redis: Store, message: OutboundMessage, next_check_at: float) -> bool:
    """sending -> unknown, or still unknown. Returns False if the message was no longer in the expected state."""
    expected = "unknown" if message.state == "unknown" else "sending"
    return _transition(redis, message.id, expected, "unknown", {}, next_check_at)


def postpone(
    redis: Store, message: OutboundMessage, expected: str, next_check_at: float, reason: str, *, is_counted: int = 1
) -> bool:
    """expected -> planned: Twilio did nothing. Returns False if the message was no longer in the expected state."""
    fields = {"reason": reason, "tries": message.tries, "is_counted": is_counted}
    return _transition(redis, message.id, expected, "planned", fields, next_check_at)


def wait_for_sender(redis: Store, message: OutboundMessage) -> bool:
    """Return a planned message to its old place in the sender's queue. Returns False if it is no longer planned."""
    pipe, queue_key = new_pipeline(redis), NOTIFICATIONS_KEY if message.is_notification else WAITING_KEY
    pipe.zadd(queue_of(message.sender, queue_key), {message.id: message.planned_at})
    return _transition(redis, message.id, "planned", "planned", {}, next_check_at=None, pipe=pipe)


def replace_body(redis: Store, id: str, body: str) -> None:
    """Change the text of a message that has not yet been sent."""
    redis.hset(f"{MESSAGE_PREFIX}{id}", "body", body)


def list_due(redis: Store, now: float, limit: int = 100) -> list[str]:
    """Return the ids of up to `limit` messages whose next check is due, most overdue first."""
    return [name.decode() for name in redis.zrangebyscore(DUE_KEY, 0, now, start=0, num=limit)]


def claim_sid(redis: Store, sid: str, message: OutboundMessage) -> bool:
    """Record that this SID belongs to the message's last try. Returns False if it belongs to another message or try."""
    key = f"outbox:sid:{sid}"
    if sid == message.sid:  # of an earlier try, which Twilio has dropped
        return False
    return bool(redis.set(key, message.id, nx=True, ex=SID_TTL_SECONDS)) or redis.get(key) == message.id.encode()


def _transition(
    redis: Store,
    id: str,
    expected: str,
    state: str,
    fields: dict[str, Any],
    next_check_at: float | None,
    pipe: Any = None,
) -> bool:
    key, pipe = f"{MESSAGE_PREFIX}{id}", new_pipeline(redis) if pipe is None else pipe
    pipe.hset(key, mapping={**fields, "state": state})
    if next_check_at is None:
        pipe.zrem(DUE_KEY, id)
    else:
        pipe.zadd(DUE_KEY, {id: next_check_at})
    return commit_if_unchanged(redis, pipe, key, expected, field="state")


@erases("texts and calls that we send")
def erase_messages(redis: Store, erasure: Erasure) -> int:
    """Erase messages, including those that are waiting to be sent."""
    erased = 0
    for key in scan(redis, f"{MESSAGE_PREFIX}*"):
        message = load(redis, key.removeprefix(MESSAGE_PREFIX)) if _is_hash(redis, key) else None
        if message and erasure.covers(message.to, message.planned_at):
            redis.zrem(DUE_KEY, message.id)
            for queue_key in (WAITING_KEY, NOTIFICATIONS_KEY):
                redis.zrem(queue_of(message.sender, queue_key), message.id)
            erased += redis.delete(key)
    return erased


def _is_hash(redis: Store, key: str) -> bool:
    return redis.execute_command("TYPE", key) in (b"hash", "hash")
