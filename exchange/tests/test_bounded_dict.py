"""The exchange can run for days: finished items are evicted, items in use are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException

from ringback.messages.opt_outs import MAX_OPT_OUTS, OptOuts
from ringback.service.bounded_dict import MAX_PER_HANDSET, BoundedDict, trim


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 20))
def test_oldest_finished_items_are_evicted_and_live_ones_kept(lasting, most):
    kept = BoundedDict(most, lambda lasts: lasts)
    for name, lasts in enumerate(lasting):
        kept[name] = lasts
    live = [name for name, lasts in enumerate(lasting) if lasts]
    over = [name for name, lasts in enumerate(lasting) if not lasts]
    left = [name for name in kept if not kept[name]]
    assert [name for name in kept if kept[name]] == live
    assert left == over[len(over) - len(left) :]
    assert len(over) - len(left) == 0 or len(left) >= most - len(live)
    assert len(left) <= most + most // 10 + len(live)


def test_live_item_is_evicted_in_turn_once_finished():
    live = set(range(100))
    kept = BoundedDict(10, lambda name: name in live)
    for name in range(100):
        kept[name] = name
    assert len(kept) == 100
    live.clear()
    for name in range(100, 120):
        kept[name] = name
    assert list(kept)[-10:] == list(range(110, 120))
    assert len(kept) <= 11


def test_large_items_are_evicted_except_the_newest():
    kept = BoundedDict(10, size_of=len)
    kept.max_bytes = 100
    for name in range(5):
        kept[name] = bytes(40)
    assert list(kept) == [3, 4]
    kept[5] = bytes(400)
    assert list(kept) == [5]


def test_handset_keeps_its_live_call_after_many_others():
    calls = [0]
    for number in range(1, 2 * MAX_PER_HANDSET):
        calls.append(number)
        trim(calls, lambda call: call == 0)
    assert len(calls) == MAX_PER_HANDSET
    assert calls[0] == 0


def test_evicted_call_is_404(app, exchange, ada, ben):
    app.answers["/voice"] = '<Response><Pause length="600"/></Response>'
    first = ben.dials()
    ben.is_left_with("in-progress")
    exchange.state.calls.max_items = 3
    sids = []
    for _ in range(8):
        sids.append(ada.dials())
        ada.hangs_up()
    client = exchange.client()
    with pytest.raises(TwilioRestException) as refused:
        client.calls(sids[0]).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert client.calls(sids[-1]).fetch().sid == sids[-1]
    assert client.calls(first).fetch().status == "in-progress"
    assert sids[0] not in [call["sid"] for call in exchange.get(f"{ada.door}/calls")["calls"]]
    assert exchange.request("GET", f"{ada.door}/calls/{sids[0]}")[0] == 404


def test_media_of_an_evicted_text_are_evicted(app, exchange, ada):
    app.answers["/sms"] = ""
    exchange.state.messages.max_items = 3
    texts = [ada.texts(f"{place}", media_url="data:image/png;base64,iVBORw0KGgo=") for place in range(8)]
    path = texts[0]["media"][0]["url"]
    with pytest.raises(TwilioRestException) as refused:
        exchange.client().messages(texts[0]["sid"]).fetch()
    assert refused.value.code == 20404
    assert exchange.request("GET", path)[0] == 404
    assert exchange.request("GET", texts[-1]["media"][0]["url"])[0] == 200
    assert [text["body"] for text in exchange.get(f"{ada.door}/texts")["texts"]][-3:] == ["5", "6", "7"]
    assert len(exchange.get(f"{ada.door}/texts")["texts"]) == len(exchange.client().messages.list()) <= 4


def test_media_are_evicted_by_size_and_their_texts_kept(app, exchange, ada):
    app.answers["/sms"] = ""
    exchange.state.media.max_bytes = 20
    first, *_ = [ada.texts("look", media_url="data:image/png;base64,iVBORw0KGgo=") for _ in range(5)]
    assert exchange.client().messages(first["sid"]).fetch().num_media == "0"
    assert exchange.client().messages(first["sid"]).media.list() == []


def test_recordings_are_evicted_by_size(app, exchange, ada):
    app.answers["/voice"] = '<Response><Record action="/done"/></Response>'
    exchange.state.recordings.max_bytes = 2 * len("hello hello")
    for _ in range(5):
        ada.dials()
        ada.speaks("hello hello")
        ada.presses("#")
        ada.is_left_with("completed")
    left = exchange.client().recordings.list()
    assert 2 <= len(left) <= 3
    assert left[0].call_sid == ada.sid


def test_newest_opt_outs_are_kept():
    stopped = OptOuts("")
    for number in range(2 * MAX_OPT_OUTS):
        stopped.automatic_reply(f"+{number}", "+1", "STOP")
    assert len(stopped.pairs) <= 1.1 * MAX_OPT_OUTS + 1
    assert stopped.has_opted_out(f"+{2 * MAX_OPT_OUTS - 1}", "+1")
