"""Nothing that a client sends is ignored silently: unknown names and values that cannot be parsed are reported."""

import base64
import json
import urllib.parse

import pytest

from support.exchange import NUMBER, SID, TOKEN

BASIC = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()


def rest(exchange, method, path, **form):
    body = urllib.parse.urlencode(form).encode() if method == "POST" else None
    url = f"/2010-04-01/Accounts/{SID}/{path}"
    status, answer, _ = exchange.request(method, url, body, Authorization=BASIC)
    return status, json.loads(answer)


def test_unknown_rest_parameter_is_reported_and_ignored(exchange, ada):
    status, sent = rest(exchange, "POST", "Messages.json", To=ada.number, From=NUMBER, Body="Hi", StatusCalback="/x")
    assert status == 201
    alert = exchange.warns(20001)
    assert (alert["level"], alert["message"], alert["sid"]) == (
        "warning",
        "Parameters without effect: StatusCalback",
        sent["sid"],
    )


@pytest.mark.parametrize(
    "resource", ["Calls", "Messages", "Conferences", "Recordings", "Queues", "IncomingPhoneNumbers"]
)
def test_unknown_filter_is_reported_even_if_the_list_is_empty(exchange, resource):
    assert rest(exchange, "GET", f"{resource}.json?Colour=red")[0] == 200
    assert "Colour" in exchange.warns(20001)["message"]


def test_known_filters_cause_no_warning(exchange):
    for path in (
        "Calls.json?To=%2B1&From=%2B1&Status=busy&StartTime=2026-01-31&EndTime%3E=2026-01-31&PageSize=5",
        "Messages.json?To=%2B1&From=%2B1&DateSent%3C=2026-01-31T10:00:00Z",
        "Conferences.json?FriendlyName=x&Status=init&DateCreated=2026-01-31",
        "Recordings.json?CallSid=CA1&DateCreated=2026-01-31",
    ):
        assert rest(exchange, "GET", path)[0] == 200
    assert exchange.alerts() == []


@pytest.mark.parametrize(
    "path",
    [
        "Calls.json?StartTime=yesterday",
        "Calls.json?EndTime%3C=31/01/2026",
        "Messages.json?DateSent=x",
        "Recordings.json?DateCreated%3E=x",
        "Conferences.json?DateUpdated=x",
        "Conferences.json?Status=over",
        "Calls.json?PageSize=many",
        "Calls.json?Page=-1",
    ],
)
def test_filter_that_cannot_be_parsed_is_rejected_by_name(exchange, path):
    status, error = rest(exchange, "GET", path)
    assert (status, error["code"]) == (400, 20001)
    assert path.partition("?")[2].partition("=")[0].replace("%3C", "").replace("%3E", "") in error["message"]


def test_boolean_that_is_neither_true_nor_false_is_reported(exchange, ada):
    form = {"To": ada.number, "From": NUMBER, "Twiml": "<Response/>", "Record": "ja"}
    assert rest(exchange, "POST", "Calls.json", **form)[0] == 201
    assert "Record=ja" in exchange.warns(20001)["message"]


@pytest.mark.parametrize(
    ("path", "given", "name"),
    [
        ("", {"nam": "Ada"}, "nam"),
        ("/texts", {"body": "hi", "media": "http://h.example/x"}, "media"),
        ("/calls", {"form": "+441632960009"}, "form"),
        ("/calls/{sid}/keys", {"digits": "1", "weight": 1}, "weight"),
        ("/calls/{sid}/speech", {"words": "one", "text": "one"}, "text"),
        ("/calls/{sid}/spoken", {"id": 1, "talking": True}, "talking"),
        ("/calls/{sid}/answer", {"now": True}, "now"),
        ("/calls/{sid}/hangup", {"reason": "busy"}, "reason"),
    ],
)
def test_unknown_field_of_the_handset_api_is_rejected_by_name(app, exchange, ada, path, given, name):
    app.answers["/voice"] = "<Response><Pause length='60'/></Response>"
    sid = ada.dials()
    status, words = exchange.refuses(ada.door + path.format(sid=sid), given)
    assert status == 400
    assert words.startswith(f"Unknown field: {name}. ")


@pytest.mark.parametrize(
    ("path", "given"), [("/clock", {"foward": 1}), ("/faults/dice", {"sead": 1}), ("/faults", {"kin": 1})]
)
def test_unknown_field_of_the_developer_api_is_rejected_by_name(exchange, path, given):
    assert exchange.refuses(path, given)[1].startswith(f"Unknown field: {next(iter(given))}. The known ones are ")


@pytest.mark.parametrize(
    "path", ["/calls?handsets=x", "/feed?handsets=x", "/requests?call=x", "/handsets?limit=1", "/clock?x=1"]
)
def test_unknown_query_parameter_is_rejected_by_name(exchange, path):
    status, body, _ = exchange.request("GET", path)
    assert status == 400
    assert json.loads(body)["error"].startswith(
        f"Unknown query parameter: {path.partition('?')[2].partition('=')[0]}. "
    )
