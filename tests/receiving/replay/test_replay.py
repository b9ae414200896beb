"""Replay: stored requests are submitted to the app's own endpoint again."""

import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlencode

import pytest

import events
from app import create_app
from receiving import providers, replay_marker, stored_requests, twilio_signature
from receiving.delivery import FORM_CONTENT_TYPE, Delivery
from receiving.replay import loopback_client, replay
from receiving.replay.replay import ReplayRequest
from tests.support.person import TEXT_SID
from tests.support.providers import CASES, HELD, case_id, heard

LONG_AGO = time.time() - 7200


@pytest.fixture
def replay_requests(served_app, redis):
    """Replays the selected requests in a run of this name. Returns the outcomes."""

    def run(*ids, name="run1", **wanted):
        asked = ReplayRequest(ids, **wanted)
        return list(replay.replay(served_app.settings, replay.select(redis, asked), asked, name))

    return run


def store_delivery(redis, delivery):
    """Store the delivery in the inbox; return its id."""
    stored_requests.save(redis, delivery)
    return stored_requests.latest(redis, 1)[0][0]


def github_delivery(served_app, event="push"):
    provider = providers.load()["github"]
    return provider.sign(provider.sample(event, f"{served_app.origin}/webhooks/github"), HELD["github"])


def text_delivery(served_app, target="/sms", body="time", sid=TEXT_SID):
    fields = [("MessageSid", sid), ("From", "+447700900201"), ("To", "+447700900100"), ("Body", body)]
    url = served_app.origin + target
    headers = {
        "content-type": FORM_CONTENT_TYPE,
        twilio_signature.SIGNATURE_HEADER: twilio_signature.compute_signature(
            served_app.settings.twilio_auth_token[0], url, fields
        ),
    }
    return Delivery("POST", url, headers, urlencode(fields).encode())


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_old_webhook_of_every_provider_is_accepted_with_a_new_signature(case, served_app, redis, replay_requests):
    old = case.provider.sign(replace(case.unsigned(), received_at=LONG_AGO), case.secrets)
    (outcome,) = replay_requests(store_delivery(redis, old))
    assert (outcome.state, outcome.words) == ("success", "done"), outcome
    assert heard(redis)[0]["provider"] == case.name


@pytest.mark.parametrize("name", ["github", "stripe", "plain"])
def test_webhook_with_its_original_signature_may_be_too_old(name, served_app, redis, replay_requests):
    provider = providers.load()[name]
    sample = replace(provider.sample(next(iter(provider.samples)), served_app.origin + f"/webhooks/{name}"))
    signed = provider.sign(replace(sample, received_at=LONG_AGO), HELD[name])
    (outcome,) = replay_requests(store_delivery(redis, signed), resign=False)
    expected = {"github": 204, "stripe": 403, "plain": 401}  # no timestamp; too old; the password is not stored
    assert outcome.status == expected[name]
    assert (outcome.state == "success") == (name == "github")


def test_processed_webhook_gets_the_stored_response(served_app, redis, replay_requests):
    first, second = replay_requests(*2 * [store_delivery(redis, github_delivery(served_app))])
    assert (first.state, second.state) == ("success", "skipped")
    assert len(heard(redis)) == 1
    assert events.read_latest(redis, 1)[0].type == "delivery.duplicate"


def test_forced_replay_processes_a_webhook_once_per_run(served_app, redis, replay_requests):
    name = store_delivery(redis, github_delivery(served_app))
    replay_requests(name)
    assert [outcome.state for outcome in replay_requests(name, name, force=True)] == ["success", "skipped"]
    assert replay_requests(name, force=True, name="run2")[0].state == "success"
    assert len(heard(redis)) == 3


def test_replayed_text_sends_no_message(served_app, redis, replay_requests):
    name = store_delivery(redis, text_delivery(served_app, body="flip"))
    assert [
        replay_requests(name)[0].words,
        replay_requests(name)[0].state,
        replay_requests(name, force=True)[0].words,
    ] == ["done", "skipped", "done"]
    assert not redis.keys("outbox:*")  # a replay sends no texts


def test_slow_command_runs_again_only_if_forced(served_app, redis, replay_requests):
    name = store_delivery(redis, text_delivery(served_app, body="count"))
    replay_requests(name)
    replay_requests(name)
    assert len(redis.keys("pending-answer:*")) == 1
    replay_requests(name, force=True)
    assert len(redis.keys("pending-answer:*")) == 2


def test_original_url_is_preserved_byte_for_byte(served_app, redis, replay_requests):
    text = text_delivery(served_app, target="/sms?who=it's%20me&e=caf%c3%a9&t=%7E")
    assert replay_requests(store_delivery(redis, text), resign=False)[0].words == "done"


def test_webhook_with_a_secret_path_needs_a_new_signature(served_app, redis, replay_requests):
    provider = providers.load()["plain"]
    sample = provider.sample(next(iter(provider.samples)), f"{served_app.origin}/webhooks/plain")
    secret = [one for one in HELD["plain"] if one.startswith("path:")]
    (outcome,) = replay_requests(store_delivery(redis, provider.sign(sample, tuple(secret))), resign=False)
    assert "with a new signature" in outcome.words


def test_public_key_cannot_sign(served_app, redis):
    settings = replace(
        served_app.settings, webhook_secrets={"standard": (type(HELD["standard"][0])("whpk_" + "A" * 43 + "="),)}
    )
    provider = providers.load()["standard"]
    sample = provider.sample("invoice.paid", f"{served_app.origin}/webhooks/standard")
    with pytest.raises(replay.CannotReplay, match="whpk_ key cannot sign"):
        replay.prepare(sample, settings, resign=True)
    with pytest.raises(replay.CannotReplay, match="GITHUB_WEBHOOK_SECRET is not set"):
        replay.prepare(github_delivery(served_app), settings, resign=True)


def test_window_and_source_select_requests_but_no_replays(served_app, redis, replay_requests):
    store_delivery(redis, text_delivery(served_app))
    store_delivery(redis, github_delivery(served_app))
    store_delivery(redis, replace(github_delivery(served_app), replay_mark="forced run0"))
    since = time.time() - 60
    assert [outcome.what for outcome in replay_requests(since=since, source="github")] == ["POST /webhooks/github"]
    assert [outcome.what for outcome in replay_requests(since=since, source="twilio")] == ["POST /sms"]
    assert replay_requests(since=time.time() - 600, until=time.time() - 300) == []


def test_missing_and_truncated_requests_are_reported(served_app, redis, replay_requests):
    large = replace(github_delivery(served_app), body=b"x" * (stored_requests.MAX_STORED_BODY_BYTES + 1))
    found = replay_requests("1-0", "no-id", "-", store_delivery(redis, large))
    assert ["too large to be stored" in outcome.words for outcome in found] == [True] * 4


def test_closed_connection_is_reopened(served_app):
    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # promises a persistent connection, and closes it

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()
            self.close_connection = True

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.timeout = 5
        thread = threading.Thread(target=lambda: [server.handle_request() for _ in range(2)])
        thread.start()
        with loopback_client.LoopbackClient(
            replace(served_app.settings, public_url=f"http://127.0.0.1:{server.server_port}")
        ) as way:
            assert [way.send(github_delivery(served_app)).status for _ in range(2)] == [204, 204]
        thread.join()


def test_replay_stops_after_three_connection_failures(served_app, redis):
    from tests.support.ports import reserved_port

    names = [store_delivery(redis, github_delivery(served_app)) for _ in range(5)]
    away = replace(served_app.settings, public_url=f"http://127.0.0.1:{reserved_port()}")
    asked = ReplayRequest(tuple(names))
    outcomes = list(replay.replay(away, replay.select(redis, asked), asked, "run"))
    assert ["did not respond" in outcome.words for outcome in outcomes] == [True, True, True, False]
    assert outcomes[-1].what == "2 more were skipped"


@pytest.mark.parametrize(
    ("knows", "unmodified", "host"),
    [(True, True, "127.0.0.1"), (False, True, "talk.example"), (False, False, "127.0.0.1")],
)
def test_original_host_header_is_only_sent_if_the_signature_needs_it(knows, unmodified, host, served_app):
    """Without PUBLIC_URL the app takes the host from the request, and the original signature is for the old host."""
    seen = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append((self.headers["Host"].partition(":")[0], self.headers["X-Forwarded-Host"], self.path))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}" if knows else ""
        way = loopback_client.LoopbackClient(replace(served_app.settings, public_url=url, port=server.server_port))
        delivery = github_delivery(served_app).with_headers(
            host="talk.example", x_forwarded_host="old.example", connection="close"
        )
        with way:
            way.send(delivery, unmodified=unmodified)
        thread.join()
    assert seen == [(host, "old.example" if host == "talk.example" else None, "/webhooks/github")]


class TestReplayMark:
    """Anybody can send the header, but only the app can sign it."""

    def test_own_mark_is_recognized_and_removed(self, served_app):
        marked = replay_marker.add_mark(github_delivery(served_app), "forced", "r", served_app.settings.secret_key)
        assert replay_marker.verify_mark(marked, served_app.settings.secret_key).replay_mark == "forced r"
        assert replay_marker.HEADER not in replay_marker.verify_mark(marked, served_app.settings.secret_key).headers

    @pytest.mark.parametrize("header", ["", " ", "again r 1", "again r 1 é", "again r ٣ x", "a " * 3000, "\udce9.a.b"])
    def test_forged_mark_is_ignored(self, header, served_app):
        delivery = github_delivery(served_app).with_headers(**{replay_marker.HEADER: header})
        found = replay_marker.verify_mark(delivery, served_app.settings.secret_key)
        assert (found.replay_mark, replay_marker.HEADER in found.headers) == ("", False)

    def test_mark_is_bound_to_body_time_and_key(self, served_app, monkeypatch):
        keys = served_app.settings.secret_key
        marked = replay_marker.add_mark(github_delivery(served_app), "forced", "r", keys)
        assert not replay_marker.verify_mark(replace(marked, body=b"{}"), keys).replay_mark
        assert not replay_marker.verify_mark(marked, (type(keys[0])("another-key-of-ours"),)).replay_mark
        later = time.time() + replay_marker.MAX_AGE_SECONDS + 5
        monkeypatch.setattr(replay_marker.time, "time", lambda: later)
        assert not replay_marker.verify_mark(marked, keys).replay_mark

    def test_mark_uses_the_newest_key_and_any_key_verifies_it(self, served_app):
        old, new = (type(served_app.settings.secret_key[0])(f"the-{age}-key-of-ours") for age in ("old", "new"))
        marked = replay_marker.add_mark(github_delivery(served_app), "forced", "r", (new, old))
        found = [replay_marker.verify_mark(marked, keys).replay_mark for keys in ((new,), (old, new), (old,))]
        assert found == ["forced r", "forced r", ""]

    def test_mark_does_not_replace_the_signature(self, served_app, send):
        unsigned = replace(github_delivery(served_app), headers={"content-type": "application/json"})
        marked = replay_marker.add_mark(unsigned, "forced", "r", served_app.settings.secret_key)
        assert send(marked).status_code == 403


@pytest.fixture
def flask(served_app, redis):
    """Runs a Flask command. Returns its result."""
    return create_app(served_app.settings, redis).test_cli_runner().invoke


def test_command_prints_a_line_per_request(served_app, redis, flask):
    name = store_delivery(redis, github_delivery(served_app))
    result = flask(args=["replay", name])
    assert result.exit_code == 0
    assert result.output.startswith("204") and result.output.endswith("POST /webhooks/github  done\n")
    result = flask(args=["replay", "--since", "1h", "--from", "github", "--show"])
    assert result.exit_code == 0
    assert result.output.startswith(name) and result.output.endswith("1 in total\n")
    result = flask(args=["replay", "--since", "all", "--from", "github", "--force"])
    assert result.exit_code == 0
    assert result.output.endswith("done\n")


def test_exit_status_tells_failed_and_empty_replays(served_app, redis, flask):
    result = flask(args=["replay", "--since", "1h"])
    assert (result.exit_code, "No stored request matches" in result.output) == (2, True)
    assert flask(args=["replay"]).exit_code == 2
    forged = github_delivery(served_app).with_headers(x_hub_signature_256="sha256=00")
    result = flask(args=["replay", store_delivery(redis, forged), "--original"])
    assert (result.exit_code, "is not valid for this request" in result.output) == (1, True)
