"""Resources of the account: balance, ICE tokens, caller IDs, addresses, usage, and those that are refused by name."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from support.exchange import NUMBER, SID

CALLER_ID = "+441632960777"
ADDRESS = {
    "customer_name": "Ada",
    "street": "1 High Street",
    "city": "London",
    "region": "London",
    "postal_code": "N1 1AA",
    "iso_country": "gb",
}


@pytest.fixture
def options():
    return {"verified": (CALLER_ID,)}


def test_app_reads_its_balance(client):
    found = client.balance.fetch()
    assert (found.account_sid, found.balance, found.currency) == (SID, "100.00", "USD")


def test_ice_token_has_a_user_but_no_servers(client):
    token = client.tokens.create(ttl=600)
    assert (token.ttl, token.ice_servers) == ("600", [])
    assert token.username and token.password


class TestCallerIds:
    def test_verified_number_is_listed_and_can_be_renamed(self, client):
        (listed,) = client.outgoing_caller_ids.list(phone_number="+44 1632 960777")
        assert client.outgoing_caller_ids(listed.sid).update(friendly_name="The office").friendly_name == "The office"
        assert client.outgoing_caller_ids.list(friendly_name="Nobody") == []

    def test_deleted_caller_id_cannot_be_used_any_more(self, client, ada):
        client.outgoing_caller_ids(client.outgoing_caller_ids.list()[0].sid).delete()
        with pytest.raises(TwilioRestException) as refusal:
            client.calls.create(to=ada.number, from_=CALLER_ID, twiml="<Response/>")
        assert refusal.value.code == 21210


class TestAddresses:
    def test_address_is_kept_changed_and_deleted(self, client):
        made = client.addresses.create(**ADDRESS)
        assert (made.customer_name, made.iso_country) == ("Ada", "GB")
        assert client.addresses(made.sid).update(city="Leeds").city == "Leeds"
        assert [found.sid for found in client.addresses.list(iso_country="GB")] == [made.sid]
        client.addresses(made.sid).delete()
        assert client.addresses.list() == []

    def test_missing_part_is_named(self, client):
        with pytest.raises(TwilioRestException, match="The parameter PostalCode is required"):
            client.addresses.create(**ADDRESS | {"postal_code": ""})


class TestUsage:
    @pytest.fixture
    def used(self, app, exchange, client, ada):
        ada.texts("one")
        app.was_asked("/sms")
        client.messages.create(to=ada.number, from_=NUMBER, body="x" * 200)
        return exchange

    def test_messages_are_counted_by_direction_with_their_segments(self, used, client):
        counted = {record.category: (record.count, record.usage) for record in client.usage.records.list()}
        assert (counted["sms-inbound"], counted["sms-outbound"], counted["sms"]) == (("1", "1"), ("1", "2"), ("2", "3"))
        assert counted["calls"] == ("0", "0")

    def test_usage_is_split_by_days(self, used, client, ada):
        used.time_passes(24 * 3600)
        client.messages.create(to=ada.number, from_=NUMBER, body="tomorrow")
        days = client.usage.records.daily.list(category="sms")
        assert [record.count for record in days] == ["1", "2"]
        assert [record.count for record in client.usage.records.today.list(category="sms")] == ["1"]
        assert [record.count for record in client.usage.records.yesterday.list(category="sms")] == ["2"]
        assert [record.count for record in client.usage.records.list(category="sms", end_date=days[1].end_date)] == [
            "2"
        ]

    @pytest.mark.parametrize("name", ["all_time", "this_month", "last_month", "monthly", "yearly"])
    def test_every_period_has_a_list(self, used, client, name):
        (record,) = getattr(client.usage.records, name).list(category="totalprice")
        assert (record.category, record.price) == ("totalprice", 0)

    def test_unknown_category_is_named(self, client):
        with pytest.raises(TwilioException, match="Category must be one of calls, "):
            client.usage.records.list(category="pigeons")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda client: client.validation_requests.create("+441632960778"), "POST /OutgoingCallerIds: start"),
        (lambda client: client.usage.triggers.list(), "GET /Usage/Triggers: nothing costs anything here"),
        (lambda client: client.sip.domains.list(), "GET /SIP: a handset with a sip: address needs none"),
        (lambda client: client.short_codes("SC" + "1" * 32).fetch(), "GET /SMS/ShortCodes: an app"),
        (lambda client: client.calls("CA" + "1" * 32).events.list(), "GET /Calls/{sid}/Events: see /requests"),
        (lambda client: client.messages("SM" + "1" * 32).feedback.create(), "POST /Messages/{sid}/Feedback"),
    ],
)  # fmt: skip
def test_resource_that_is_not_emulated_is_named(client, ask, message):
    with pytest.raises(TwilioException) as refusal:
        ask(client)
    assert "HTTP 501" in str(refusal.value)
    assert f"The local exchange does not emulate {message}" in str(refusal.value)
