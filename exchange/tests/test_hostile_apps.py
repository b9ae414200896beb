"""Hostile apps cannot crash the exchange or make it misbehave."""

from __future__ import annotations

import json
import random
import urllib.parse

import pytest
from aiohttp import encode_basic_auth, web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.rest.routes import INSTANCE_ROUTES, LIST_ROUTES
from support.exchange import NUMBER, SID, TOKEN
from test_app_errors import APOLOGY, say

ENTITIES = '<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;">]><Response><Message>&b;</Message></Response>'


def breaks(status, **headers):
    return web.Response(status=status, headers=headers)


def test_text_is_sent_although_the_app_fails_afterwards(app, exchange, client, ada):
    def text_and_break(asked):
        exchange.loop.run_in_executor(None, lambda: client.messages.create(to=ada.number, from_=NUMBER, body="Hello"))
        return breaks(500)

    app.answers["/voice"] = text_and_break
    ada.dials()
    ada.hears(APOLOGY)
    ada.gets("Hello")
    exchange.warns(11217)


def test_call_is_placed_although_the_app_fails_afterwards(app, exchange, client, ada, ben):
    def call_and_break(asked):
        made = {"to": ben.number, "from_": NUMBER, "twiml": say("Ada wrote")}
        exchange.loop.run_in_executor(None, lambda: client.calls.create(**made))
        return breaks(500)

    app.answers["/sms"] = call_and_break
    ada.texts("call Ben")
    ben.answers()
    ben.hears("Ada wrote")
    exchange.warns(11217)
    assert ada.inbox() == []


def test_live_update_wins_over_a_redirect_from_the_app(app, exchange, client, ada):
    async def update_and_redirect(asked):
        update = client.calls(asked["CallSid"]).update
        await exchange.loop.run_in_executor(None, lambda: update(twiml=say("From REST")))
        return breaks(302, Location="/late")

    app.answers["/voice"] = update_and_redirect
    app.answers["/late"] = say("Too late")
    ada.dials()
    ada.hears("From REST")
    ada.is_left_with("completed")
    app.was_asked("/late")  # the request is sent, but its result is no longer wanted
    assert ada.heard() == ["From REST"]


def test_redirect_loop_of_a_status_callback_is_a_warning(app, exchange, ada):
    app.answers["/done"] = lambda asked: breaks(302, Location="/done")
    app.answers["/voice"] = say("Hello")
    ada.dials()
    ada.hears("Hello")
    exchange.warns(11215)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("<Response><Message>half", "text/xml", 12100),
        ("None", "text/html", 12100),
        ("", "application/json", 12300),
        ("x" * 70_000, "text/xml", 11750),
        (ENTITIES, "text/xml", 12100),
        ("<Response><Message>\udcff</Message></Response>", "text/xml", 12100),
        ("<html><body>Login</body></html>", "text/html", 12102),
        ("\n<?xml version='1.0'?><Response/>", "text/xml", 12100),
    ],
    ids=["truncated", "None", "json", "huge", "entities", "not utf-8", "a page", "a line before the declaration"],
)
def test_text_gets_no_reply_if_the_response_is_not_a_document(app, exchange, ada, body, kind, code):
    given = body.encode("utf-8", "surrogateescape")
    app.answers["/sms"] = lambda asked: web.Response(body=given, content_type=kind)
    ada.texts("Hello")
    exchange.warns(code)
    assert ada.inbox() == []
    app.answers["/sms"] = "<Response><Message>Well again</Message></Response>"
    ada.texts("Hello?")
    ada.gets("Well again")


def test_webhook_of_a_text_times_out_after_fifteen_seconds(app, exchange, ada):
    async def never(asked):
        await exchange.state.clock.sleep(3600)

    app.answers["/sms"] = never
    ada.texts("Hello")
    app.was_asked("/sms")
    exchange.time_passes(15)
    exchange.warns(11200)
    assert ada.inbox() == []


WORDS = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "9" * 400, "+1" + "0" * 40, "true", "completed", "None", "\x00", "//[", "%", "é" * 9]
    ),
    st.sampled_from(["http://[::1", "http://h:99999/", "ftp://h/", "client:", "sip:a@b", NUMBER, "+441632960001", SID]),
    st.text(max_size=20),
)
FIELDS = """
To From Body Url Twiml Method Status StatusCallback StatusCallbackEvent StatusCallbackMethod MediaUrl Timeout Record
SendDigits MachineDetection AsyncAmd PhoneNumber AreaCode FriendlyName ApplicationSid MaxSize Muted Hold HoldUrl Page
PageSize PageToken StartTime DateSent MessagingServiceSid SendAt ScheduleType ValidityPeriod Label Beep VoiceUrl
SmsMethod VoiceApplicationSid TimeLimit Trim RecordingChannels FallbackUrl EndConferenceOnExit
"""
LOGIN = encode_basic_auth(SID, TOKEN)


@pytest.fixture
def there(app, exchange, client, ada):
    """The sids of one of each kind."""
    app.answers["/voice"] = "<Response><Dial><Conference>The room</Conference></Dial></Response>"
    call = ada.dials()
    ada.listens_for("talk")
    return {
        "Calls": call,
        "Conferences": client.conferences.list(status="init")[0].sid,
        "Messages": client.messages.create(to=ada.number, from_=NUMBER, body="Hello").sid,
        "IncomingPhoneNumbers": client.incoming_phone_numbers.list()[0].sid,
        "Applications": client.applications.create(friendly_name="x").sid,
        "Queues": client.queues.create(friendly_name="x").sid,
    }


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(sorted({**LIST_ROUTES, **INSTANCE_ROUTES})),
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    form=st.lists(st.tuples(st.sampled_from(FIELDS.split()), WORDS), max_size=8),
    name=WORDS,
    real=st.booleans(),
)
def test_no_rest_request_causes_a_500(exchange, there, path, method, form, name, real):
    sid = (there.get(path.strip("/").split("/")[0]) if real else None) or urllib.parse.quote(name, safe="") or "x"
    for part in ("{sid}", "{country}", "{media}", "{recording}", "{participant}", "{member}"):
        path = path.replace(part, sid)
    body = urllib.parse.urlencode([*form, *random.Random(len(form)).sample(form, len(form) // 2)]).encode()
    address = f"/2010-04-01/Accounts/{SID}{path}.json"
    if method == "GET":
        address, body = f"{address}?{body.decode()}", None
    kind = "application/x-www-form-urlencoded"
    status, answer, _ = exchange.request(method, address, body, Authorization=LOGIN, Content_Type=kind)
    assert status < 500 or (status == 501 and b"does not emulate" in answer), answer
    if status >= 400:
        refused = json.loads(answer)
        assert refused["status"] == status and refused["message"] and refused["code"], refused
    elif answer:
        json.loads(answer)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"To=%ff%fe&From=%00", "application/x-www-form-urlencoded"),
        (b"To", "application/x-www-form-urlencoded"),
        (b"&&&=&==", "application/x-www-form-urlencoded"),
        (b'{"To": "+441632960001"}', "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"a" * 2_000_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(20_000)), "application/x-www-form-urlencoded"),
        (b"", "text/plain"),
    ],
    ids=["not utf-8", "no value", "no names", "json", "broken multipart", "huge", "many fields", "nothing"],
)
def test_rest_body_that_is_not_a_form_is_rejected(exchange, body, kind):
    address = f"/2010-04-01/Accounts/{SID}/Messages.json"
    status, answer, _ = exchange.request("POST", address, body, Authorization=LOGIN, Content_Type=kind)
    assert 400 <= status < 500, answer
    assert json.loads(answer)["status"] == status
    assert exchange.client().messages.list() == []
