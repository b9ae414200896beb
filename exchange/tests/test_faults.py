"""Fault injection: failures between Twilio and an app."""

import time

import pytest
from aiohttp import web
from requests.exceptions import ConnectionError as Dropped
from twilio.base.exceptions import TwilioRestException

from ringback.testing.waiting import eventually
from support.exchange import NUMBER, TOKEN

REPLY = "<Response><Message>hi</Message></Response>"


def test_rest_api_refuses_a_number_of_requests(exchange, ada):
    client = exchange.client()
    exchange.post("/faults", {"kind": "rest-refuse", "status": 429, "times": 2})
    for _ in range(2):
        with pytest.raises(TwilioRestException) as caught:
            client.messages.create(to=ada.number, from_=NUMBER, body="hi")
        assert (caught.value.status, caught.value.code) == (429, 20429)
    client.messages.create(to=ada.number, from_=NUMBER, body="hi")
    ada.gets("hi")


def test_rest_request_takes_effect_but_its_response_is_lost(exchange, ada):
    client = exchange.client()
    exchange.post("/faults", {"kind": "rest-drop", "path": "Messages"})
    with pytest.raises(Dropped):
        client.messages.create(to=ada.number, from_=NUMBER, body="hi")
    ada.gets("hi")
    assert len(client.messages.list(to=ada.number)) == 1


def test_webhook_is_delivered_several_times_at_once(app, exchange, ada):
    app.answers["/sms"] = REPLY
    exchange.post("/faults", {"kind": "webhook-duplicate", "copies": 10, "channel": "sms"})
    ada.texts("hello")
    asked = app.was_asked("/sms", times=10)
    assert len({request["MessageSid"] for request in asked}) == 1
    assert len({request.headers["I-Twilio-Idempotency-Token"] for request in asked}) == 1
    ada.gets("hi")


def test_webhook_is_delayed(app, exchange, ada):
    app.answers["/sms"] = REPLY
    exchange.post("/faults", {"kind": "webhook-delay", "seconds": 60})
    ada.texts("hello")
    eventually(lambda: exchange.get("/faults")["faults"] == [])
    assert app.at("/sms") == []
    exchange.time_passes(60)
    ada.gets("hi")


def test_two_callbacks_arrive_in_the_wrong_order(app, exchange, ada):
    app.answers["/status"] = ""
    exchange.post("/faults", {"kind": "webhook-reorder", "channel": "sms-status", "seconds": 60})
    exchange.client().messages.create(to=ada.number, from_=NUMBER, body="hi", status_callback=f"{app.origin}/status")
    told = app.was_asked("/status", times=2)
    assert [asked["MessageStatus"] for asked in told] == ["delivered", "sent"]


def test_held_webhook_is_sent_even_if_none_follows(app, exchange, ada):
    app.answers["/sms"] = REPLY
    exchange.post("/faults", {"kind": "webhook-reorder", "seconds": 60})
    ada.texts("hello")
    eventually(lambda: exchange.get("/faults")["faults"] == [])
    exchange.time_passes(60)
    ada.gets("hi")


def test_webhook_body_arrives_slowly(app, exchange, ada):
    app.answers["/sms"] = REPLY
    exchange.post("/faults", {"kind": "webhook-slow", "seconds": 0.05})
    sid = ada.texts("hello")["sid"]
    ada.gets("hi")
    (entry,) = exchange.get(f"/requests?sid={sid}")["requests"]
    assert entry["seconds"] >= 0.05
    (asked,) = app.at("/sms")
    assert asked["Body"] == "hello"
    assert int(asked.headers["Content-Length"]) > 100 and "Transfer-Encoding" not in asked.headers


def test_rest_response_arrives_slowly(exchange, ada):
    exchange.post("/faults", {"kind": "rest-slow", "seconds": 0.05})
    began = time.monotonic()
    sent = exchange.client().messages.create(to=ada.number, from_=NUMBER, body="hi")
    assert time.monotonic() - began >= 0.05
    assert sent.body == "hi"


def test_webhook_is_lost(app, exchange, ada):
    app.answers["/sms"] = REPLY
    exchange.post("/faults", {"kind": "webhook-drop", "path": "/sms"})
    ada.texts("hello")
    exchange.warns(11205)
    ada.texts("again")
    ada.gets("hi")
    assert [asked["Body"] for asked in app.at("/sms")] == ["again"]


def test_signature_is_wrong(app, exchange, ada):
    from twilio.request_validator import RequestValidator

    exchange.post("/faults", {"kind": "webhook-wrong-signature"})
    ada.texts("hello")
    asked = app.was_asked("/sms")[0]
    assert not RequestValidator(TOKEN).validate(asked.url, asked.all(), asked.headers["X-Twilio-Signature"])


def test_carrier_drops_a_text(exchange, ada):
    client = exchange.client()
    exchange.post("/faults", {"kind": "message-filter"})
    sent = client.messages.create(to=ada.number, from_=NUMBER, body="buy now")
    eventually(lambda: client.messages(sent.sid).fetch().status == "undelivered")
    assert client.messages(sent.sid).fetch().error_code == 30007
    assert ada.inbox() == []


def test_second_half_of_a_response_is_lost(app, exchange, ada):
    app.answers["/sms"] = REPLY
    exchange.post("/faults", {"kind": "webhook-truncate"})
    ada.texts("hello")
    exchange.warns(12100)


def test_lost_half_of_a_cached_file_is_there_again_when_the_fault_is_over(app, exchange, ada):
    def sound(asked):
        if "If-None-Match" in asked.headers:
            return web.Response(status=304)
        return web.Response(body=b"x" * 100, content_type="audio/mpeg", headers={"ETag": '"1"'})

    app.answers |= {"/voice": "<Response><Play>/a.mp3</Play></Response>", "/a.mp3": sound}
    exchange.post("/faults", {"kind": "webhook-truncate", "channel": "media"})
    played = []
    for _ in range(2):
        ada.dials()
        ada.is_left_with("completed")
        played.append(exchange.request("GET", ada.call()["heard"][0]["url"])[1])
    assert list(map(len, played)) == [50, 100]


class TestFromTheStart:
    @pytest.fixture
    def options(self):
        return {"faults": ("rest-refuse,status=429,times=1", "webhook-delay,seconds=0.5,channel=voice")}

    def test_faults_can_be_given_on_the_command_line(self, exchange):
        refuse, delay = exchange.get("/faults")["faults"]
        assert (refuse["kind"], refuse["status"], refuse["times"]) == ("rest-refuse", 429, 1)
        assert (delay["kind"], delay["seconds"], delay["channel"]) == ("webhook-delay", 0.5, "voice")


def test_faults_are_listed_and_can_be_removed(exchange):
    made = exchange.post("/faults", {"kind": "webhook-drop", "times": 5, "chance": 0.5})
    assert [fault["id"] for fault in exchange.get("/faults")["faults"]] == [made["id"]]
    assert exchange.request("DELETE", f"/faults/{made['id']}")[0] == 204
    assert exchange.request("DELETE", f"/faults/{made['id']}")[0] == 404
    assert exchange.get("/faults")["faults"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "gremlins"},
        {"kind": 3},
        {"kind": "rest-drop", "times": 0},
        {"kind": "rest-drop", "times": "many"},
        {"kind": "rest-drop", "times": True},
        {"kind": "rest-drop", "chance": 2},
        {"kind": "rest-refuse", "status": 200},
        {"kind": "rest-drop", "channel": "pigeon"},
        {"kind": "rest-drop", "id": 4},
        {"kind": "rest-drop", "colour": "red"},
        {"kind": "webhook-duplicate", "copies": 101},
        [],
    ],
)
def test_invalid_fault_is_rejected_with_a_reason(exchange, wrong):
    status, sentence = exchange.refuses("/faults", wrong)
    assert status == 400
    assert len(sentence) > 10


def test_same_seed_gives_the_same_faults():
    from ringback.service.faults import FaultInjector

    def throws(seed):
        faults = FaultInjector(seed)
        faults.add({"kind": "webhook-drop", "chance": 0.5, "times": 1000})
        return [faults.trigger("webhook-drop") is not None for _ in range(50)]

    assert throws(1) == throws(1) != throws(2)


def test_every_kind_lists_its_parameters(exchange):
    found = exchange.get("/faults")
    assert set(found["needs"]) == set(found["kinds"])
    assert {"voice", "sms", "rest"} <= set(found["channels"])
    assert found["seed"] == 0
    for kind, heeds in found["needs"].items():
        exchange.post("/faults", {"kind": kind} | {name: a_value(name) for name in heeds})


def a_value(name):
    return {"status": 500, "seconds": 2, "copies": 3, "channel": "sms", "path": "/x"}[name]


def test_random_generator_can_be_reseeded(exchange):
    faults = exchange.state.faults
    faults.add({"kind": "webhook-drop", "chance": 0.5, "times": 1000})
    throws = []
    for _ in range(2):
        exchange.post("/faults/dice", {"seed": 7})
        throws.append([faults.trigger("webhook-drop") is not None for _ in range(20)])
    assert throws[0] == throws[1]
    assert exchange.get("/faults")["seed"] == 7
    for wrong in ({}, {"seed": "seven"}, {"seed": True}, {"seed": 2**60}):
        assert exchange.refuses("/faults/dice", wrong)[0] == 400
