"""The scene `raffle`: commitment, entries, draw, receipt, and the call to the winner."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Secret
from sending import outbox
from show import encrypted_phone_numbers, raffle_receipt
from show.base_scene import OPEN, SceneError, SceneView
from show.raffle_receipt import InvalidReceipt
from show.scenes.raffle import Raffle
from show.show_state import set_phase
from tests.support.person import CALL_SID, Person


@pytest.fixture
def raffle(go):
    return go("raffle")


@pytest.fixture
def opened(raffle, redis, app):
    raffle.figures(SceneView(redis))
    set_phase(redis, raffle, OPEN)
    with app.app_context():
        yield raffle


def figures(raffle, redis):
    return raffle.figures(SceneView(redis))


def test_commitment_is_shown_before_the_raffle_opens_and_stays(raffle, redis, person, draw_stage):
    commitment = figures(raffle, redis)["commitment"]
    assert figures(raffle, redis) == {"entries": 0, "commitment": commitment}
    assert commitment[:32] in draw_stage()
    assert person.texts("hello") == "The raffle is not open at the moment."
    set_phase(redis, raffle, OPEN)
    assert figures(raffle, redis) == {"entries": 0, "commitment": commitment}


def test_seed_is_secret_until_the_draw(opened, redis, person, draw_stage):
    person.texts("me")
    assert opened.seed(redis) not in draw_stage() + json.dumps(figures(opened, redis))


@pytest.mark.parametrize("words", ["me", "flip", "🎉", "I would like to win"])
def test_any_text_enters_once(opened, redis, person, words):
    reply = person.texts(words)
    assert reply.startswith("You are in the raffle as ")
    assert person.texts("again") == reply
    assert figures(opened, redis)["entries"] == 1


def test_entry_that_the_draw_overtakes_is_not_confirmed(opened, redis, people, monkeypatch):
    first, late = people(2)
    first.texts("me")
    receive = Raffle.receive

    def receive_before_the_draw(raffle, store, pipe, contribution):
        reply = receive(raffle, store, pipe, contribution)
        raffle.perform(redis, "draw", "")  # before the webhook's transaction
        return reply

    monkeypatch.setattr(Raffle, "receive", receive_before_the_draw)
    assert late.texts("me") == "The raffle is not open at the moment."
    assert figures(opened, redis)["entries"] == 1


def test_caller_enters_by_key(opened, redis, person):
    assert "Press 1 to enter the raffle." in person.dials().heard
    assert "You are in the raffle" in person.presses("1").heard
    assert figures(opened, redis)["entries"] == 1


def test_winner_follows_from_the_receipt(opened, redis, people, draw_stage):
    names = [person.texts("me").split(" as ")[1].split(".")[0] for person in people(5)]
    commitment = figures(opened, redis)["commitment"]
    opened.perform(redis, "draw", "")
    drawn = raffle_receipt.verify(opened.load_receipt(redis).as_dict())
    assert drawn.entries == tuple(sorted(names)) and drawn.commitment == commitment
    assert drawn.winner == figures(opened, redis)["winner"] and drawn.winner in draw_stage()
    late = people(6)[5]
    assert late.texts("me") == "The raffle is not open at the moment."
    set_phase(redis, opened, OPEN)
    assert late.texts("me too") == "The winner has been drawn already."
    with pytest.raises(SceneError, match="has been drawn"):
        opened.perform(redis, "draw", "")


def test_nobody_wins_an_empty_raffle(opened, redis):
    with pytest.raises(SceneError, match="Nobody has entered"):
        opened.perform(redis, "draw", "")


def test_winner_is_called_and_gets_the_code_by_text_once(opened, redis, person):
    person.texts("me")
    with pytest.raises(SceneError, match="Draw the winner first"):
        opened.perform(redis, "call", "")
    opened.perform(redis, "draw", "")
    pressed_on = opened.button_item(SceneView(redis), "call")
    opened.perform(redis, "call", pressed_on)
    with pytest.raises(SceneError, match="is being called already"):
        opened.perform(redis, "call", pressed_on)
    planned = [outbox.load(redis, id.decode()) for id in redis.zrange(outbox.WAITING_KEY, 0, -1)]
    assert {message.to for message in planned} == {person.number}
    [call] = [message for message in planned if message.id.startswith(outbox.CALL_PREFIX)]
    [text] = [message for message in planned if message is not call]
    assert text.body.endswith(figures(opened, redis)["code"])
    answered = Person(person.post, person.number)
    answered.post(f"/voice/outbound?message={call.id}", {"CallSid": CALL_SID, "CallStatus": "in-progress"})
    assert "You have won the raffle" in answered._listens(f"/voice/outbound?message={call.id}", {}).heard
    assert "topic you follow" not in answered.heard


def test_winner_who_missed_the_call_is_called_again(opened, redis, person):
    person.texts("me")
    opened.perform(redis, "draw", "")
    for _ in range(2):
        opened.perform(redis, "call", opened.button_item(SceneView(redis), "call"))
    planned = [id.decode() for id in redis.zrange(outbox.WAITING_KEY, 0, -1)]
    assert len([id for id in planned if id.startswith(outbox.CALL_PREFIX)]) == 2


def test_two_presenters_call_the_winner_once(opened, redis, person, monkeypatch):
    person.texts("me")
    opened.perform(redis, "draw", "")
    load, presenters = encrypted_phone_numbers.load, []

    def load_while_another_presenter_calls(*arguments):
        if not presenters:
            presenters.append("another")
            opened.perform(redis, "call", "")
        return load(*arguments)

    monkeypatch.setattr(encrypted_phone_numbers, "load", load_while_another_presenter_calls)
    with pytest.raises(SceneError, match="is being called already"):
        opened.perform(redis, "call", "")


def test_winner_who_is_forgotten_is_not_called(opened, redis, person):
    person.texts("me")
    opened.perform(redis, "draw", "")
    redis.hdel(opened.key("raffle"), "person")
    with pytest.raises(SceneError, match="Ask them to come forward"):
        opened.perform(redis, "call", "")


def test_winner_whose_number_no_secret_key_decrypts_any_more_is_asked_to_come_forward(opened, redis, app, person):
    person.texts("me")
    opened.perform(redis, "draw", "")
    removed = replace(app.extensions["settings"], secret_key=(Secret("a-newer-secret-key-of-the-tests"),))
    app.extensions["settings"] = removed
    with pytest.raises(SceneError, match="Ask them to come forward"):
        opened.perform(redis, "call", "")


def test_numbers_of_entrants_are_stored_encrypted(opened, redis, person):
    person.texts("me")
    stored = b"".join(redis.hgetall("show:numbers").values())
    assert stored and person.number.encode()[1:] not in stored


def test_winner_without_a_number_is_not_called(opened, redis, post_as_twilio):
    caller = Person(post_as_twilio, "+266696687")
    caller.number = "anonymous"
    caller.dials().presses("1")
    opened.perform(redis, "draw", "")
    with pytest.raises(SceneError, match="Ask them to come forward"):
        opened.perform(redis, "call", "")


entries = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])), min_size=2, unique=True)


@given(entries, st.data())
def test_tampered_receipt_is_refused(names, data):
    drawn = raffle_receipt.draw(raffle_receipt.new_seed(), names)
    assert raffle_receipt.verify(json.loads(json.dumps(drawn.as_dict()))) == drawn
    removed = data.draw(st.sampled_from(names))
    fewer = tuple(name for name in drawn.entries if name != removed)
    changes = [
        {"entries": fewer},
        {"entries": (*drawn.entries, "\U0010ffff" * 3)},
        {"entries": drawn.entries[::-1]},
        {"winner": next(name for name in names if name != drawn.winner)},
        {"seed": raffle_receipt.new_seed()},
        {"commitment": "0" * 64},
        {"digest": "0" * 64},
        {"rule": "The presenter decides."},
    ]
    for change in changes:
        with pytest.raises(InvalidReceipt):
            raffle_receipt.verify(replace(drawn, **change).as_dict())


@pytest.mark.parametrize("found", [None, [], {}, {"seed": 1}, "x", 3, {"entries": [[]]}])
def test_what_is_no_receipt_is_refused(found):
    with pytest.raises(InvalidReceipt):
        raffle_receipt.verify(found)


def test_every_entry_can_win():
    names = [f"Otter {number}" for number in range(4)]
    assert {raffle_receipt.draw(raffle_receipt.new_seed(), names).winner for _ in range(200)} == set(names)


def test_receipt_is_public_after_the_draw(opened, redis, person, visitor):
    person.texts("me")
    assert visitor.get("/receipt/raffle.json").status_code == 404
    assert visitor.get("/receipt/tabs.json").status_code == 404
    opened.perform(redis, "draw", "")
    found = visitor.get("/receipt/raffle.json").json
    assert raffle_receipt.verify(found).winner == figures(opened, redis)["winner"]
    assert person.number not in json.dumps(found)
