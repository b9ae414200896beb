"""One handset calls another, without the app."""

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException


def dial(attributes="", inner="+441632960002", after="<Say>Nobody is there</Say>"):
    return f"<Response><Dial {attributes}>{inner}</Dial>{after}</Response>"


def test_handset_calls_another_without_the_app(exchange, ada, ben):
    ada.dials(to=ben.number)
    ben.answers()
    ada.speaks("Only you and me")
    ben.hears("Only you and me")
    ben.hangs_up()
    ada.is_left_with("completed")
    assert exchange.client().calls.list() == []


def test_unanswered_call_between_handsets_gives_the_reason(exchange, ada, ben):
    ben.behaves("busy")
    ada.dials(to=ben.number)
    ada.is_left_with("busy")


def test_text_between_handsets_is_not_one_of_the_apps(exchange, ada, ben):
    sid = ada.texts("Only for you", to=ben.number)["sid"]
    ben.gets("Only for you")
    client = exchange.client()
    assert client.messages.list() == []
    with pytest.raises(TwilioRestException) as caught:
        client.messages(sid).fetch()
    assert caught.value.status == 404


def test_text_between_handsets_brings_the_media_at_its_urls(exchange, app, ada, ben):
    app.answers["/cup.png"] = web.Response(body=b"a cup", content_type="image/png")
    ada.texts("Look", to=ben.number, media_url=f"{app.origin}/cup.png")
    ben.gets("Look")
    (text,) = exchange.get(f"{ben.door}/texts")["texts"]
    assert [exchange.request("GET", media["url"])[1] for media in text["media"]] == [b"a cup"]
