"""The list of calls and texts, newest first."""

import re

import pytest

from ringback.web.html.call_pages import readable
from support.exchange import NUMBER


def listed(exchange, query=""):
    status, body, headers = exchange.request("GET", f"/calls{query}", Accept="text/html")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    rows = re.findall(r"<tr><td>(.*?)</tr>", body.decode())
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()[1:]) for row in rows]


def test_calls_and_texts_are_listed_newest_first_with_their_status(app, exchange, ada, ben):
    app.answers["/sms"] = ""
    app.answers["/voice"] = "<Response><Say>hi</Say></Response>"
    ben.exchange.post(ben.door, {"name": "Ben <b>"})
    ada.texts("hello <script>")
    exchange.time_passes(1)
    sid = ben.dials()
    ben.is_left_with("completed")
    exchange.time_passes(1)
    ben.behaves("fails")
    exchange.client().messages.create(to=ben.number, from_=NUMBER, body="lost")
    text, call, first = listed(exchange)
    assert call == f"Call {sid} Ben &lt;b&gt; {readable(NUMBER)} completed, 0 s"
    assert first == f"Text hello &lt;script&gt; {readable(ada.number)} {readable(NUMBER)} received"
    assert text.startswith(f"Text lost {readable(NUMBER)} Ben &lt;b&gt;")
    assert len(listed(exchange, "?limit=1")) == 1
    assert len(listed(exchange, f"?handset=%2B{ada.number[1:]}")) == 1


def test_list_is_available_as_json(app, exchange, ada):
    app.answers["/voice"] = "<Response/>"
    sids = [ada.dials() for _ in range(2)]
    found = exchange.get("/calls")
    assert [call["sid"] for call in found["calls"]] == sids[::-1]
    assert found["texts"] == []
    assert "heard" not in found["calls"][0]


@pytest.mark.parametrize("plus", ["+", "%2B"])
def test_list_of_one_handset_accepts_a_number_with_a_plain_plus(app, exchange, ada, ben, plus):
    app.answers["/voice"] = "<Response/>"
    sid = ada.dials()
    ben.dials()
    assert [call["sid"] for call in exchange.get(f"/calls?handset={plus}{ada.number[1:]}")["calls"]] == [sid]


def test_each_call_links_to_its_page(app, exchange, ada):
    app.answers["/voice"] = "<Response/>"
    sid = ada.dials()
    _, body, _ = exchange.request("GET", "/calls", Accept="text/html")
    assert f'href="/calls/{sid}"' in body.decode()
    assert exchange.request("GET", f"/calls/{sid}", Accept="text/html")[0] == 200


def test_empty_list_links_to_the_phones(exchange):
    _, body, _ = exchange.request("GET", "/calls", Accept="text/html")
    assert "Nobody has called or texted yet." in body.decode()
    for limit in ("0", "many", "2001"):
        assert exchange.request("GET", f"/calls?limit={limit}")[0] == 400


def test_list_can_show_only_calls_or_only_texts(app, exchange, ada):
    app.answers["/voice"], app.answers["/sms"] = "<Response/>", ""
    ada.dials()
    ada.texts("hello")
    assert [row.split()[0] for row in listed(exchange, "?kind=calls")] == ["Call"]
    assert [row.split()[0] for row in listed(exchange, "?kind=texts")] == ["Text"]
    assert exchange.get("/calls?kind=texts")["calls"] == []
    _, body, _ = exchange.request("GET", "/calls?kind=texts&limit=5", Accept="text/html")
    assert '<a href="/calls?limit=5&amp;kind=texts" aria-current="true">Texts</a>' in body.decode()
    assert exchange.request("GET", "/calls?kind=faxes")[0] == 400
