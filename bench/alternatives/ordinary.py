"""The app that ours is compared with: the same duties, done in the usual way, with one redis-py call after another."""

import functools
import hashlib
import json
import os
import time
from collections.abc import Callable

from flask import Flask, abort, request
from redis import Redis
from rq import Queue
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

WEEK_SECONDS = 7 * 24 * 3600
LEASE_SECONDS = 20

app = Flask(__name__)
redis = Redis.from_url(os.environ["REDIS_URL"])
queue = Queue("ordinary", connection=redis)


def webhook(view: Callable[[], str]) -> Callable[[], object]:
    """Verify the request, claim it, add it to the inbox, and store the response for its duplicates."""

    @functools.wraps(view)
    def once() -> object:
        validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
        if not validator.validate(request.url, request.form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        sid = request.form.get("MessageSid") or request.form["CallSid"]
        if not redis.set(f"claim:{sid}", "running", nx=True, ex=LEASE_SECONDS):
            return app.response_class(redis.get(f"response:{sid}") or "", mimetype="text/xml")
        row = {"url": request.url, "headers": json.dumps(dict(request.headers)), "body": json.dumps(request.form)}
        redis.xadd("inbox", row, maxlen=2_000, approximate=True)
        redis.expire("inbox", 3 * 24 * 3600)
        response = view()
        redis.set(f"response:{sid}", response, ex=WEEK_SECONDS)
        redis.set(f"claim:{sid}", "done", ex=WEEK_SECONDS)
        return app.response_class(response, mimetype="text/xml")

    return once


def publish(event_type: str, subject: str, **data: object) -> None:
    """Add an event to the stream."""
    row = {"type": event_type, "subject": subject, "time": time.time(), "data": json.dumps(data)}
    redis.xadd("events", row, maxlen=5_000, approximate=True)


@app.post("/sms")
@webhook
def sms() -> str:
    """Reply to a text; a worker answers `count`."""
    started_at, sid, sender, words = time.time(), request.form["MessageSid"], request.form["From"], request.form["Body"]
    publish("text.received", sid, who=f"••• {sender[-3:]}", words=words)
    redis.hgetall("show")
    redis.sadd("people", hashlib.sha256(sender.encode()).hexdigest())
    redis.hincrby("commands", words, 1)
    answer = enqueue_count(sid, sender) if words == "count" else f"It is {time.strftime('%H:%M')} UTC."
    publish("text.answered", sid, answer=answer, ms=round((time.time() - started_at) * 1000, 1))
    response = MessagingResponse()
    response.message(answer)
    return str(response)


def enqueue_count(sid: str, sender: str) -> str:
    """Record a question and enqueue its job."""
    deadline = time.time() + 120
    redis.zadd(f"open-questions:{sender}", {sid: deadline})
    redis.expire(f"open-questions:{sender}", 5 * 3600)
    row = {"command": "count", "channel": "text", "number": sender, "deadline": deadline, "state": "waiting"}
    redis.hset(f"question:{sid}", mapping=row)
    redis.expire(f"question:{sid}", WEEK_SECONDS)
    redis.zadd("questions", {sid: deadline})
    publish("answer.queued", sid, command="count")
    queue.enqueue("bench.alternatives.simple_jobs.nothing", job_id=sid, job_timeout=125, result_ttl=1, failure_ttl=600)
    return "I am counting. I will text you the answer."


@app.post("/voice")
@webhook
def voice() -> str:
    """Greet a caller and offer a menu."""
    sid, caller = request.form["CallSid"], request.form["From"]
    publish("call.received", sid, who=f"••• {caller[-3:]}")
    redis.hgetall("show")
    redis.hset(f"call:{sid}", mapping={"number": caller, "status": "in-progress", "document": 1})
    redis.expire(f"call:{sid}", 24 * 3600)
    publish("call.spoken", sid, answer="Hello.")
    response = VoiceResponse()
    gather = response.gather(num_digits=1, action="/voice/menu?doc=1")
    gather.say("Hello. Press 1 for the time, press 2 to flip a coin.")
    response.redirect("/voice")
    return str(response)
