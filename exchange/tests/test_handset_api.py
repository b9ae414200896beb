"""The handset API and the pages: who may use them, and clear errors for everyone else."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing.waiting import LIMIT_SECONDS, eventually
from support.exchange import NUMBER


def post(exchange, path, **headers):
    return exchange.request("POST", path, b"{}", **{"Content_Type": "application/json"} | headers)


def test_page_of_another_origin_cannot_use_a_handset(exchange, ada):
    calls = f"{ada.door}/calls"
    assert post(exchange, calls, Origin="http://evil.example")[0] == 403
    assert post(exchange, calls, Sec_Fetch_Site="cross-site")[0] == 403
    assert post(exchange, calls, Origin="null")[0] == 403
    assert post(exchange, calls, Content_Type="text/plain")[0] == 415
    assert post(exchange, calls, Content_Type="application/x-www-form-urlencoded")[0] == 415
    assert exchange.get(calls)["calls"] == []
    own = post(exchange, calls, Origin=exchange.origin, Sec_Fetch_Site="same-origin")
    assert own[0] == 201


def test_unknown_host_header_is_rejected(exchange):
    assert exchange.request("GET", "/handsets", Host="evil.example")[0] == 421
    assert exchange.request("GET", "/", Host="evil.example:8001")[0] == 421
    assert exchange.request("GET", "/handsets", Host="localhost:8001")[0] == 200


@pytest.mark.parametrize(
    ("path", "given", "says"),
    [
        ("/handsets/nobody/texts", {"body": "x"}, "not a phone number"),
        ("/handsets/%2B441632960001/texts", {}, "needs a body"),
        ("/handsets/%2B441632960001/texts", {"body": "x" * 1601}, "1600"),
        ("/handsets/%2B441632960001/texts", {"body": 3}, "must be text"),
        ("/handsets/%2B441632960001/texts", {"body": "x", "to": "12"}, "not a phone number"),
        ("/handsets/%2B441632960001/texts", {"media_url": "file:///etc/passwd"}, "http"),
        ("/handsets/%2B441632960001/texts", {"media_url": ["http://x"] * 11}, "at most 10"),
        ("/handsets/%2B441632960001/texts", {"media_url": "data:image/png;base64,!"}, "data URL"),
        ("/handsets/%2B441632960000/texts", {"body": "x"}, "one of the app's numbers"),
        ("/handsets/%2B441632960001", {"when_called": "explodes"}, "rings, answers"),
        ("/handsets/%2B441632960001", {"name": "x" * 61}, "60"),
        ("/handsets/%2B441632960001/calls/CA1/keys", {"digits": "1"}, "no such call"),
        ("/handsets/%2B441632960001/calls/CA1/keys", {"digits": "x"}, "of the keys 0-9"),
        ("/handsets/%2B441632960001/calls/CA1/speech", {"words": " "}, "words"),
        ("/handsets/%2B441632960001/calls/CA1/speech", {"words": "hi", "wait": -1}, "wait"),
        ("/handsets/%2B441632960001/texts", [], "JSON object"),
    ],
)
def test_impossible_request_is_rejected_with_a_reason(exchange, path, given, says):
    status, sentence = exchange.refuses(path, given)
    assert 400 <= status < 500
    assert says in sentence


def test_body_that_is_not_json_is_rejected(exchange, ada):
    status, body, _ = exchange.request("POST", f"{ada.door}/texts", b"\xff{", Content_Type="application/json")
    assert (status, json.loads(body)) == (400, {"error": "The body is not JSON."})


def test_number_may_be_written_in_several_ways(app, exchange):
    app.answers["/sms"] = ""
    for written in ("+441632960001", "%2B441632960001", "%2b44%201632%20960001"):
        exchange.post(f"/handsets/{written}/texts", {"body": written})
    assert len(exchange.get("/handsets/+441632960001")["texts"]) == 3
    assert [handset["number"] for handset in exchange.get("/handsets")["handsets"]] == ["+441632960001"]


def test_handset_has_a_name_and_can_be_deleted(app, exchange, ada):
    app.answers["/sms"] = ""
    shown = exchange.post(ada.door, {"name": "Ada", "when_called": "busy"})
    assert (shown["name"], shown["when_called"]) == ("Ada", "busy")
    ada.texts("hello")
    assert exchange.request("DELETE", ada.door)[0] == 204
    assert exchange.get("/handsets")["handsets"] == []


def test_ended_call_accepts_no_keys(app, exchange, ada):
    app.answers["/voice"] = "<Response/>"
    ada.dials()
    ada.is_left_with("completed")
    call = f"{ada.door}/calls/{ada.sid}"
    for door, body in (("keys", {"digits": "1"}), ("speech", {"words": "hi"}), ("hangup", {}), ("answer", {})):
        assert exchange.refuses(f"{call}/{door}", body)[0] == 409


def test_call_of_another_handset_cannot_be_changed(app, exchange, ada, ben):
    app.answers["/voice"] = "<Response><Pause length='60'/></Response>"
    ada.dials()
    assert exchange.refuses(f"{ben.door}/calls/{ada.sid}/hangup", {})[0] == 404


def test_keys_are_lost_if_nothing_gathers_them(app, ada):
    app.answers["/voice"] = "<Response><Pause length='60'/></Response>"
    ada.dials()
    ada.presses("1", wait=0)
    assert ada.call()["listening"] is None


@pytest.mark.parametrize("path", ["/", "/pages/tokens.css", "/debugger", "/faults"])
def test_unchanged_page_is_not_sent_again(exchange, path):
    status, body, headers = exchange.request("GET", path, Accept="text/html")
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    again, nothing, _ = exchange.request("GET", path, Accept="text/html", If_None_Match=headers["ETag"])
    assert body and (again, nothing) == (304, b"")


def test_files_outside_the_pages_folder_are_404(exchange):
    assert exchange.request("GET", "/pages/..%2f..%2f__main__.py")[0] == 404
    assert exchange.request("GET", "/pages/../__main__.py")[0] == 404


@pytest.mark.parametrize("path", ["%00", "a%00.css", "a" * 3000, "a/" * 1500])
def test_impossible_file_name_is_404(exchange, path):
    assert exchange.request("GET", f"/pages/{path}")[0] == 404
    status, _, headers = exchange.request("GET", "/")
    assert status == 200
    assert "default-src 'self'" in headers["Content-Security-Policy"]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/handsets/+441632960001/texts", "/handsets/+441632960001/calls", "/faults", "/clock"]),
    given_=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["to", "body", "media_url", "kind", "times", "forward", "name"]), inner, max_size=3
            )
            | st.lists(inner, max_size=2)
        ),
        max_leaves=5,
    ),
)
def test_no_json_causes_a_500(app, exchange, path, given_):
    app.answers["/sms"] = app.answers["/voice"] = ""
    body = json.dumps(given_).encode()
    status, answer, _ = exchange.request("POST", path, body, Content_Type="application/json")
    assert status in (200, 201, 400), answer
    exchange.request("DELETE", "/faults")


def read_feed(exchange, path, count):
    """The first items of the live feed."""
    import urllib.request

    items = []
    with urllib.request.urlopen(exchange.origin + path, timeout=LIMIT_SECONDS) as stream:
        while len(items) < count:
            line = stream.readline().decode()
            if line.startswith("data: "):
                items.append(json.loads(line[6:]))
    return items


def test_feed_reports_events_and_can_be_resumed(app, exchange, ada, ben):
    app.answers["/sms"] = "<Response><Message>hi</Message></Response>"
    ada.texts("one")
    ada.gets("hi")
    ben.texts("two")
    ben.gets("hi")
    boot = exchange.state.feed.boot
    items = read_feed(exchange, f"/feed?after={boot}-0", 4)
    assert [item["kind"] for item in items[:3]] == ["handset", "text", "text"]
    assert [item["id"] for item in items] == [f"{boot}-{count}" for count in range(1, 5)]
    (later,) = read_feed(exchange, f"/feed?after={items[0]['id']}&handset=%2B441632960002", 1)
    assert later["handset"] == ben.number


@pytest.mark.parametrize("after", ["older-7", "nonsense", "-", "9999"])
def test_feed_says_if_it_cannot_be_resumed(exchange, after):
    (item,) = read_feed(exchange, f"/feed?after={after}", 1)
    assert item["kind"] == "reset"


def test_debugger_can_be_read_and_emptied(app, exchange, ada):
    ada.texts("hello")
    alert = exchange.warns(11217)
    assert alert["handset"] == ada.number
    assert alert["answer"]["status"] == 404
    assert exchange.request("DELETE", "/debugger")[0] == 204
    assert exchange.alerts() == []


class TestWithAPassword:
    @pytest.fixture
    def options(self):
        return {"password": "let me in"}

    def test_everything_except_the_rest_api_requires_the_password(self, exchange):
        assert exchange.request("GET", "/handsets")[0] == 401
        assert exchange.request("GET", "/handsets", Authorization="Basic eDpsZXQgbWUgaW4=")[0] == 200
        assert exchange.request("GET", "/handsets", Authorization="Basic eDp3cm9uZw==")[0] == 401
        assert exchange.request("GET", "/handsets", Authorization="Basic !")[0] == 401
        assert exchange.client().messages.list() == []


def test_number_is_reported(exchange):
    eventually(lambda: exchange.get("/handsets")["number"] == NUMBER)


def test_browser_gets_the_debugger_as_a_page(exchange):
    status, body, headers = exchange.request("GET", "/debugger", Accept="text/html,*/*")
    assert (status, headers.get_content_type()) == (200, "text/html")
    for path in set(re.findall(r'(?:href|src)="(/pages/[^"]+)"', body.decode())):
        assert exchange.request("GET", path)[0] == 200, path


def test_requests_to_the_app_are_listed(app, exchange, ada):
    app.answers["/sms"] = "<Response/>"
    sid = ada.texts("hello")["sid"]
    eventually(lambda: len(exchange.get(f"/requests?sid={sid}")["requests"]) == 1)
    (entry,) = exchange.get(f"/requests?sid={sid}")["requests"]
    assert (entry["url"], entry["status"], entry["channel"]) == (f"{app.origin}/sms", 200, "sms")
    assert ["Body", "hello"] in entry["parameters"]
    assert exchange.get("/requests?sid=SM1")["requests"] == []


def test_keys_do_not_wait_for_a_call_that_ends(app, exchange, ada):
    app.answers["/voice"] = "<Response><Pause length='30'/></Response>"
    ada.dials()
    app.was_asked("/voice")
    with ThreadPoolExecutor(1) as threads:
        pressing = threads.submit(exchange.refuses, f"{ada.door}/calls/{ada.sid}/keys", {"digits": "1", "wait": 60})
        ada.hangs_up()
        assert pressing.result() == (409, "This call is over: completed.")
