"""Our side of sending: subscribers, messages, and time that can be hurried."""

import events
from sending.webhooks import delivery, dispatch, endpoints, queue
from sending.webhooks.encryption import Encryption

SEAL = Encryption(["a secret key of these tests"])
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops"


class WebhookSender:
    """Sends to receivers that a test names, and tells what came of it."""

    def __init__(self, redis, client):
        self.redis, self.client = redis, client

    def subscribes(self, there, **wishes):
        url = f"http://receiver.test:{there.port}/hook"
        return endpoints.create(self.redis, self.client, SEAL, url, http=True, **wishes).id

    def secret(self, id):
        return SEAL.decrypt(endpoints.load(self.redis, id).keys[0].encrypted)

    def says(self, kind="text.received", **data):
        return dispatch.deliver_later(self.redis, kind, data or {"words": "grüezi"})

    def sends(self, id, **limits):
        """Find subscribers, and let this one have what is due."""
        dispatch.enqueue_due(self.redis)
        return delivery.deliver(self.redis, self.client, SEAL, id, http=True, **limits)

    def time_passes(self, id):
        """All that waits for this subscriber is due now, and its hold is over."""
        for message in self.redis.zrange(f"endpoint:{id}:due", 0, -1):
            self.redis.zadd(f"endpoint:{id}:due", {message: 1})
        self.redis.hset(f"endpoint:{id}", "hold_until", 0)

    def state(self, message, id):
        return self.redis.hget(f"delivery:{message}:{id}", "state").decode()

    def attempts(self, id):
        return list(reversed(queue.load_attempts(self.redis, id)))

    def next_attempt(self, id):
        """The time of the first attempt that is due."""
        return self.redis.zrange(f"endpoint:{id}:due", 0, 0, withscores=True)[0][1]

    def held_until(self, id):
        """The time until which nothing is sent to this endpoint."""
        return float(self.redis.hget(f"endpoint:{id}", "hold_until") or 0)

    def told(self):
        kinds = [event.type for event in events.read_latest(self.redis, 100)]
        return [kind for kind in kinds if kind.startswith("webhook.") or kind == "endpoint.disabled"]
