"""The sending side: endpoints, messages, and time that a test can advance."""

import time

import events
from sending.webhooks import delivery_jobs, message_delivery, payloads
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue import delivery_queue, messages

SEAL = Encryption(["a secret key of these tests"])
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops"


class WebhookSender:
    """Sends to the receivers of a test, and reads the results."""

    def __init__(self, redis, client):
        self.redis, self.client = redis, client

    def subscribe(self, there, **wishes):
        url = f"http://receiver.test:{there.port}/hook"
        return stored_endpoints.create(self.redis, self.client, SEAL, url, http=True, **wishes).id

    def secret(self, id):
        return SEAL.decrypt(stored_endpoints.load(self.redis, id).keys[0].encrypted)

    def publish(self, kind="text.received", **data):
        return delivery_jobs.deliver_later(self.redis, kind, data or {"words": "grüezi"})

    def deliver(self, id, **limits):
        """Find the endpoints of new messages, and deliver to this one."""
        delivery_jobs.enqueue_due(self.redis)
        return message_delivery.deliver(self.redis, self.client, SEAL, id, http=True, **limits)

    def time_passes(self, id):
        """Make every message of this endpoint due, and end its hold."""
        for message in self.redis.zrange(f"endpoint:{id}:due", 0, -1):
            self.redis.zadd(f"endpoint:{id}:due", {message: 1})
        self.redis.hset(f"endpoint:{id}", mapping={"hold_until": 0, "asked_until": 0})

    def state(self, message, id):
        return delivery_state(self.redis, message, id)

    def attempts(self, id):
        return list(reversed(delivery_queue.load_attempts(self.redis, id)))

    def next_attempt(self, id):
        """The time at which the next attempt is due."""
        return self.redis.zrange(f"endpoint:{id}:due", 0, 0, withscores=True)[0][1]

    def held_until(self, id):
        """The time until which nothing is sent to this endpoint."""
        return float(self.redis.hget(f"endpoint:{id}", "hold_until") or 0)

    def event_types(self):
        kinds = [event.type for event in events.read_latest(self.redis, 100)]
        return [kind for kind in kinds if kind.startswith("webhook.") or kind == "endpoint.disabled"]


def delivery_state(redis, message, id):
    """Return waiting, sending, delivered, filtered or dead, or "" if this endpoint does not get the message."""
    if state := redis.hget(f"delivery:{message}:{id}", "state"):
        return state.decode()
    if redis.zscore(f"endpoint:{id}:due", message) is not None:
        return "waiting"
    if redis.zscore(f"endpoint:{id}:dead", message) is not None:
        return "dead"
    if not any(result.startswith(f"{id} ".encode()) for result in redis.lrange(f"message:{message}", 5, -1)):
        return ""
    causes = [attempt.cause for attempt in delivery_queue.load_attempts(redis, id, 1_000) if attempt.message == message]
    return "filtered" if causes[0] == "filtered" else "delivered"


def store_message(redis, event_type="text.received", data=None, dead_at=None, endpoint=""):
    """Store a message that is queued for no endpoint; with `dead_at`, as a dead letter of this endpoint."""
    id, body = messages.new_id(), payloads.build_envelope(event_type, data or {}, time.time())
    messages.save(redis, id, event_type, body)
    if dead_at is not None:
        redis.lset(f"message:{id}", 4, 1)
        redis.zadd(f"endpoint:{endpoint}:dead", {id: dead_at})
    return id
