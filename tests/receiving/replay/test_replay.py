"""Replay: somebody sends what came before through the door once more."""

import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlencode

import pytest

import events
from app import create_app
from receiving import inbox, providers, replay_marker, twilio
from receiving.delivery import Delivery
from receiving.replay import loopback_client, replay
from receiving.replay.replay import ReplayRequest
from receiving.samples import FORM_CONTENT_TYPE
from tests.support.providers import CASES, HELD, case_id, heard

LONG_AGO = time.time() - 7200


@pytest.fixture
def again(front_door, redis):
    """Replays what fits, in a run of its own unless one is named; answers the outcomes."""

    def run(*ids, name="run1", **wanted):
        asked = ReplayRequest(ids, **wanted)
        return list(replay.replay(front_door.settings, replay.select(redis, asked), asked, name))

    return run


def kept(redis, delivery):
    """The delivery in the inbox, as if it had come; its id."""
    inbox.save(redis, delivery)
    return inbox.latest(redis, 1)[0][0]


def from_github(front_door, event="push"):
    provider = providers.load()["github"]
    return provider.sign(provider.sample(event, f"{front_door.origin}/webhooks/github"), HELD["github"])


def a_text(front_door, target="/sms", body="time", sid="SM1"):
    fields = [("MessageSid", sid), ("From", "+447700900201"), ("To", "+447700900100"), ("Body", body)]
    url = front_door.origin + target
    headers = {
        "content-type": FORM_CONTENT_TYPE,
        twilio.SIGNATURE_HEADER: twilio.compute_signature(front_door.settings.twilio_auth_token[0], url, fields),
    }
    return Delivery("POST", url, headers, urlencode(fields).encode())


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_what_every_provider_sent_two_hours_ago_is_taken_when_it_is_signed_anew(case, front_door, redis, again):
    old = case.provider.sign(replace(case.unsigned(), received_at=LONG_AGO), case.secrets)
    (outcome,) = again(kept(redis, old))
    assert (outcome.state, outcome.words) == ("success", "done"), outcome
    assert heard(redis)[0]["provider"] == case.name


@pytest.mark.parametrize("name", ["github", "stripe", "plain"])
def test_as_it_came_is_as_good_as_it_was_then(name, front_door, redis, again):
    provider = providers.load()[name]
    sample = replace(provider.sample(next(iter(provider.samples)), front_door.origin + f"/webhooks/{name}"))
    signed = provider.sign(replace(sample, received_at=LONG_AGO), HELD[name])
    (outcome,) = again(kept(redis, signed), resign=False)
    expected = {"github": 204, "stripe": 403, "plain": 401}  # no time in it; too old; its password was not kept
    assert outcome.status == expected[name]
    assert (outcome.state == "success") == (name == "github")


def test_what_was_done_gets_the_stored_reply_and_nothing_is_done(front_door, redis, again):
    first, second = again(*2 * [kept(redis, from_github(front_door))])
    assert (first.state, second.state) == ("success", "skipped")
    assert len(heard(redis)) == 1
    assert events.read_latest(redis, 1)[0].type == "delivery.duplicate"


def test_somebody_who_wants_the_work_done_again_gets_it_once_a_run(front_door, redis, again):
    name = kept(redis, from_github(front_door))
    again(name)
    assert [outcome.state for outcome in again(name, name, force=True)] == ["success", "skipped"]
    assert again(name, force=True, name="run2")[0].state == "success"
    assert len(heard(redis)) == 3


def test_a_text_is_worked_on_again_and_answered_the_same_to_whoever_sends_it_late(front_door, redis, again):
    name = kept(redis, a_text(front_door, body="flip"))
    assert [again(name)[0].words, again(name)[0].state, again(name, force=True)[0].words] == ["done", "skipped", "done"]
    assert not redis.keys("outbox:*")  # nobody is texted because of a replay


def test_slow_work_is_done_again_too_when_it_is_asked_for(front_door, redis, again):
    name = kept(redis, a_text(front_door, body="count"))
    again(name)
    again(name)
    assert len(redis.keys("pending-answer:*")) == 1
    again(name, force=True)
    assert len(redis.keys("pending-answer:*")) == 2


def test_a_text_as_it_came_keeps_every_byte_of_its_address(front_door, redis, again):
    text = a_text(front_door, target="/sms?who=it's%20me&e=caf%c3%a9&t=%7E")
    assert again(kept(redis, text), resign=False)[0].words == "done"


def test_the_secret_in_an_address_is_not_kept_so_it_cannot_go_as_it_came(front_door, redis, again):
    provider = providers.load()["plain"]
    sample = provider.sample(next(iter(provider.samples)), f"{front_door.origin}/webhooks/plain")
    secret = [one for one in HELD["plain"] if one.startswith("path:")]
    (outcome,) = again(kept(redis, provider.sign(sample, tuple(secret))), resign=False)
    assert "with a new signature" in outcome.words


def test_a_public_key_cannot_sign(front_door, redis):
    settings = replace(
        front_door.settings, webhook_secrets={"standard": (type(HELD["standard"][0])("whpk_" + "A" * 43 + "="),)}
    )
    provider = providers.load()["standard"]
    sample = provider.sample("invoice.paid", f"{front_door.origin}/webhooks/standard")
    with pytest.raises(replay.CannotReplay, match="whpk_ key cannot sign"):
        replay.prepare(sample, settings, resign=True)
    with pytest.raises(replay.CannotReplay, match="GITHUB_WEBHOOK_SECRET is not set"):
        replay.prepare(from_github(front_door), settings, resign=True)


def test_a_range_takes_what_came_by_a_channel_and_no_replays(front_door, redis, again):
    kept(redis, a_text(front_door))
    kept(redis, from_github(front_door))
    kept(redis, replace(from_github(front_door), replay_mark="forced run0"))
    since = time.time() - 60
    assert [outcome.what for outcome in again(since=since, source="github")] == ["POST /webhooks/github"]
    assert [outcome.what for outcome in again(since=since, source="twilio")] == ["POST /sms"]
    assert again(since=time.time() - 600, until=time.time() - 300) == []


def test_a_request_that_is_not_there_or_not_whole_is_said_so(front_door, redis, again):
    large = replace(from_github(front_door), body=b"x" * (inbox.MAX_STORED_BODY_BYTES + 1))
    found = again("1-0", "no-id", "-", kept(redis, large))
    assert ["too large to be stored" in outcome.words for outcome in found] == [True] * 4


def test_a_connection_that_ended_meanwhile_is_opened_anew(front_door):
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # it keeps connections, it says, and then hangs up

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()
            self.close_connection = True

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        server.timeout = 5
        thread = threading.Thread(target=lambda: [server.handle_request() for _ in range(2)])
        thread.start()
        with loopback_client.LoopbackClient(
            replace(front_door.settings, public_url=f"http://127.0.0.1:{server.server_port}")
        ) as way:
            assert [way.send(from_github(front_door)).status for _ in range(2)] == [204, 204]
        thread.join()


def test_when_nobody_opens_the_door_it_stops_asking(front_door, redis):
    from tests.support.ports import reserved_port

    names = [kept(redis, from_github(front_door)) for _ in range(5)]
    away = replace(front_door.settings, public_url=f"http://127.0.0.1:{reserved_port()}")
    asked = ReplayRequest(tuple(names))
    outcomes = list(replay.replay(away, replay.select(redis, asked), asked, "run"))
    assert ["did not answer" in outcome.words for outcome in outcomes] == [True, True, True, False]
    assert outcomes[-1].what == "2 more were skipped"


@pytest.mark.parametrize(
    ("knows", "unmodified", "host"),
    [(True, True, "127.0.0.1"), (False, True, "talk.example"), (False, False, "127.0.0.1")],
)
def test_the_way_it_took_then_is_not_told_again_unless_the_door_needs_it(knows, unmodified, host, front_door):
    """Without a PUBLIC_URL the door takes the address from Host, so what came is signed for the old one."""
    seen = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append((self.headers["Host"].partition(":")[0], self.headers["X-Forwarded-Host"], self.path))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}" if knows else ""
        way = loopback_client.LoopbackClient(replace(front_door.settings, public_url=url, port=server.server_port))
        delivery = from_github(front_door).with_headers(
            host="talk.example", x_forwarded_host="old.example", connection="close"
        )
        with way:
            way.send(delivery, unmodified=unmodified)
        thread.join()
    assert seen == [(host, "old.example" if host == "talk.example" else None, "/webhooks/github")]


class TestTheMark:
    """A stranger may send the header; only we can make it count."""

    def test_one_of_ours_counts(self, front_door):
        marked = replay_marker.add_mark(from_github(front_door), "forced", "r", front_door.settings.secret_key)
        assert replay_marker.verify_mark(marked, front_door.settings.secret_key).replay_mark == "forced r"
        assert replay_marker.HEADER not in replay_marker.verify_mark(marked, front_door.settings.secret_key).headers

    @pytest.mark.parametrize("header", ["", " ", "again r 1", "again r 1 é", "again r ٣ x", "a " * 3000, "\udce9.a.b"])
    def test_a_made_up_one_does_not(self, header, front_door):
        delivery = from_github(front_door).with_headers(**{replay_marker.HEADER: header})
        found = replay_marker.verify_mark(delivery, front_door.settings.secret_key)
        assert (found.replay_mark, replay_marker.HEADER in found.headers) == ("", False)

    def test_nor_for_another_body_nor_later_nor_with_another_key(self, front_door, monkeypatch):
        keys = front_door.settings.secret_key
        marked = replay_marker.add_mark(from_github(front_door), "forced", "r", keys)
        assert not replay_marker.verify_mark(replace(marked, body=b"{}"), keys).replay_mark
        assert not replay_marker.verify_mark(marked, (type(keys[0])("another-key-of-ours"),)).replay_mark
        later = time.time() + replay_marker.MAX_AGE_SECONDS + 5
        monkeypatch.setattr(replay_marker.time, "time", lambda: later)
        assert not replay_marker.verify_mark(marked, keys).replay_mark

    def test_it_is_made_with_the_newest_key_and_counts_with_each_of_ours(self, front_door):
        old, new = (type(front_door.settings.secret_key[0])(f"the-{age}-key-of-ours") for age in ("old", "new"))
        marked = replay_marker.add_mark(from_github(front_door), "forced", "r", (new, old))
        found = [replay_marker.verify_mark(marked, keys).replay_mark for keys in ((new,), (old, new), (old,))]
        assert found == ["forced r", "forced r", ""]

    def test_it_stands_in_for_no_signature(self, front_door, send):
        unsigned = replace(from_github(front_door), headers={"content-type": "application/json"})
        marked = replay_marker.add_mark(unsigned, "forced", "r", front_door.settings.secret_key)
        assert send(marked).status_code == 403


@pytest.fixture
def flask(front_door, redis):
    """Runs a command; returns its result."""
    return create_app(front_door.settings, redis).test_cli_runner().invoke


def test_each_replayed_request_has_its_line(front_door, redis, flask):
    name = kept(redis, from_github(front_door))
    result = flask(args=["replay", name])
    assert result.exit_code == 0
    assert result.output.startswith("204") and result.output.endswith("POST /webhooks/github  done\n")
    result = flask(args=["replay", "--since", "1h", "--from", "github", "--show"])
    assert result.exit_code == 0
    assert result.output.startswith(name) and result.output.endswith("1 in all\n")
    result = flask(args=["replay", "--since", "all", "--from", "github", "--force"])
    assert result.exit_code == 0
    assert result.output.endswith("done\n")


def test_a_failed_replay_and_an_empty_inbox_have_exit_statuses(front_door, redis, flask):
    result = flask(args=["replay", "--since", "1h"])
    assert (result.exit_code, "No stored request matches" in result.output) == (2, True)
    assert flask(args=["replay"]).exit_code == 2
    forged = from_github(front_door).with_headers(x_hub_signature_256="sha256=00")
    result = flask(args=["replay", kept(redis, forged), "--original"])
    assert (result.exit_code, "is not valid for this request" in result.output) == (1, True)
