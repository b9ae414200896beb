"""A full room: many people, one who asks too much, sites that hang, a presenter who stops sending. No apologies."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sending import outbox, text_circuit_breaker
from tests.support.deployment import Deployment, Handset

PACE = 50  # segments per second


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A town whose phone number may send PACE segments a second."""
    town = Deployment(tmp_path_factory.mktemp("room"), SENDER_SEGMENTS_PER_SECOND=str(PACE))
    try:
        yield town.start()
    finally:
        town.stop()


@pytest.fixture
def site_that_hangs() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def crowd(town: Deployment, prefix: str, size: int) -> list[Handset]:
    return [Handset(town, f"+4477{prefix}{number:05}") for number in range(size)]


def all_text(people: list[Handset], words: str, times: int = 1) -> None:
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda person: person.texts(words), [person for person in people for _ in range(times)]))


def answers(town: Deployment, words: str) -> list[dict[str, str]]:
    """What was sent by the REST API, in the order in which Twilio accepted it."""
    from twilio.rest import Client

    client = Client(town.environ["TWILIO_ACCOUNT_SID"], town.environ["TWILIO_AUTH_TOKEN"])
    client.api.base_url = town.exchange
    found = [
        text for text in client.messages.list(page_size=1000) if text.direction == "outbound-api" and words in text.body
    ]
    return [{"to": text.to, "body": text.body, "sid": text.sid} for text in reversed(found)]


def states(town: Deployment) -> dict[str, int]:
    """How many answers are in each state."""
    rows = [town.redis.hget(key, "state").decode() for key in town.redis.scan_iter("outbox:answer:*")]
    return Counter(rows)


@pytest.fixture(autouse=True)
def sending_is_resumed(room: Deployment) -> Iterator[None]:
    yield
    text_circuit_breaker.resume(room.redis)


def test_hundred_concurrent_questions_are_answered_in_order_at_the_pace(room):
    people = crowd(room, "001", 100)
    began = time.time()
    all_text(people, "count")
    room.until(lambda: len(answers(room, "asked this number")) >= 100, "a hundred answers", 60)
    seconds = time.time() - began
    sent = answers(room, "asked this number")
    assert len({text["to"] for text in sent}) == len(sent) == 100
    assert answers(room, "Sorry") == []
    assert seconds >= 100 / PACE - 1
    planned = {}
    for key in room.redis.scan_iter("outbox:answer:*"):
        row = room.redis.hgetall(key)
        planned[row[b"sid"].decode()] = float(row[b"planned_at"])
    times = [planned[text["sid"]] for text in sent]
    latest = max(times[: at + 1][-1] - min(times[at:]) for at in range(len(times)))
    assert latest < 1, "nobody was overtaken by somebody who asked a second later"


def test_650_people_are_all_answered(room):
    people = crowd(room, "007", 650)
    all_text(people, "count")
    numbers = {person.number for person in people}
    unfinished = ("pending-answers:open", outbox.WAITING_KEY, outbox.DUE_KEY)
    room.until(
        lambda: (
            not room.redis.exists(*unfinished)  # the list below is long
            and numbers <= {text["to"] for text in answers(room, "asked this number")}
        ),
        lambda: f"650 people are answered: {states(room)}",
    )
    assert text_circuit_breaker.stop_reason(room.redis) == ""
    assert answers(room, "Sorry") == []


def test_answers_wait_while_sending_is_stopped(room):
    text_circuit_breaker.stop(room.redis, "the presenter stopped it")
    people = crowd(room, "002", 20)
    all_text(people, "count")
    room.until(lambda: room.redis.zcard(outbox.WAITING_KEY) == 20, lambda: f"twenty answers wait: {states(room)}")
    time.sleep(2.5)  # two rounds of the worker
    assert room.redis.zcard(outbox.WAITING_KEY) == 20
    text_circuit_breaker.resume(room.redis)
    for person in people:
        person.gets("asked this number")
    room.until(lambda: set(states(room)) == {"sent"}, lambda: f"all are sent: {states(room)}")


def test_620_texts_of_one_person_affect_nobody_else(room):
    greedy, others = crowd(room, "003", 1), crowd(room, "004", 5)
    all_text(greedy, "count", times=620)
    all_text(others, "count")
    for other in others:
        other.gets("asked this number", 10)
    assert text_circuit_breaker.stop_reason(room.redis) == ""
    assert room.redis.zcard(outbox.WAITING_KEY) + room.redis.zcard(outbox.DUE_KEY) <= 3


def test_fourth_question_is_refused_while_three_are_open(room, site_that_hangs):
    (impatient,) = crowd(room, "008", 1)
    all_text([impatient], f"check {site_that_hangs}", times=4)
    impatient.gets("I am still working on your first three questions")


def test_220_checks_of_hanging_sites_delay_nobody_else(room, site_that_hangs):
    all_text(crowd(room, "005", 74), f"check {site_that_hangs}", times=3)
    room.until(lambda: room.redis.zcard("pending-answers:open") >= 220, "220 look-ups are pending")
    (somebody,) = crowd(room, "006", 1)
    somebody.texts("count")
    somebody.gets("asked this number")
    assert room.redis.zcard("pending-answers:open") >= 150, "the look-ups are still pending"
