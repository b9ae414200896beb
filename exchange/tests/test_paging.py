"""Lists that are read page by page while their rows change, and lists whose rows have no SID."""

import pytest
from twilio.base.exceptions import TwilioException

from ringback.testing.waiting import eventually
from support.exchange import NUMBER
from test_conferences import all_in, conference


def test_rows_of_a_page_may_be_deleted_before_the_next_page_is_read(client, ada):
    for body in "abcde":
        client.messages.create(to=ada.number, from_=NUMBER, body=body)
    eventually(lambda: [message.status for message in client.messages.list()] == ["delivered"] * 5, "all delivered")
    for message in client.messages.stream(page_size=2):
        assert message.delete()
    assert client.messages.list() == []


def test_rows_of_a_page_may_stop_matching_the_filter(app, client, exchange, ada, ben, cyd):
    app.answers["/voice"] = "<Response><Pause length='99'/></Response>"
    for person in (ada, ben, cyd):
        person.dials()
        person.is_left_with("in-progress")
    for call in client.calls.stream(status="in-progress", page_size=1):
        call.update(status="completed")
    assert client.calls.list(status="in-progress") == []


def test_rows_that_are_added_do_not_shift_the_next_page(client, ada):
    for body in "abc":
        client.messages.create(to=ada.number, from_=NUMBER, body=body)
    first = client.messages.page(page_size=2)
    client.messages.create(to=ada.number, from_=NUMBER, body="d")
    assert [message.body for message in first] == ["c", "b"]
    assert [message.body for message in first.next_page()] == ["a"]


def test_participants_have_pages(app, client, ada, ben, cyd):
    app.answers["/voice"] = conference()
    all_in(ada, ben, cyd)
    (room,) = client.conferences.list()
    found = client.conferences(room.sid).participants.list(page_size=1)
    assert [participant.call_sid for participant in found] == [ada.sid, ben.sid, cyd.sid]


def test_rows_without_a_sid_have_pages(client):
    found = client.usage.records.list(page_size=2, limit=20)
    assert [record.category for record in found] == [record.category for record in client.usage.records.list()]


@pytest.mark.parametrize("token", ["PA", "PASM" + "0" * 32, "nonsense", "PASM-x"])
def test_unknown_page_token_is_rejected(client, token):
    with pytest.raises(TwilioException, match="21481"):
        client.messages.page(page_token=token)
