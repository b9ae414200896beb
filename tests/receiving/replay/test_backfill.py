"""What did I miss: the presenter asks Twilio and GitHub, sees the difference, and has it brought in."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twilio.rest import Client

import config
import events
from app import create_app
from receiving import inbox
from receiving.replay import backfill, backfill_jobs, twilio_log
from receiving.replay.github_log import GitHubHook
from sending import opt_outs
from sending.http import retry
from sending.http.retry import GaveUp, RetryableError, with_retries
from sending.twilio import TwilioGateway
from tests.support.github_api import TOKEN, GitHub
from tests.support.providers import heard
from tests.support.waiting import eventually
from workers import callbacks, runs, sweep

NUMBER = "+447700900100"
STARTED = time.time() - 60


@pytest.fixture(scope="module")
def github():
    github = GitHub()
    yield github
    github.stop()


@pytest.fixture
def settings(front_door, exchange, github):
    hook = {"github_hook_url": github.url, "github_token": config.Secret(TOKEN)}
    return replace(front_door.settings, twilio_api_url=exchange.url, **hook)


@pytest.fixture
def phone(settings, redis, monkeypatch):
    phone = TwilioGateway(settings, redis)
    monkeypatch.setattr(callbacks, "get_gateway", lambda: phone)
    monkeypatch.setattr(backfill, "MIN_AGE_SECONDS", -5)  # nothing is on its way for long on one machine
    return phone


@pytest.fixture(scope="module")
def town(front_door, exchange):
    """The exchange, with its number's webhooks pointed at the app for a while."""
    client = Client(exchange.environ["TWILIO_ACCOUNT_SID"], exchange.environ["TWILIO_AUTH_TOKEN"])
    client.api.base_url = exchange.url
    number = next(one for one in client.incoming_phone_numbers.list() if one.phone_number == NUMBER)
    before = {"sms_url": number.sms_url, "voice_url": number.voice_url, "status_callback": number.status_callback}
    addresses = {"sms_url": "/sms", "voice_url": "/voice", "status_callback": "/voice/status"}
    number.update(**{name: front_door.origin + path for name, path in addresses.items()})
    yield exchange
    number.update(**before)


@pytest.fixture
def began():
    """When this test began, in whole seconds as Twilio's log has them: it reads nothing older."""
    return int(time.time()) - 1


@pytest.fixture
def github_is_quiet(github):
    github.__dict__.update(attempts=[], details={}, refuse=[], asked_again=[], asked=[])
    return github


def texts(town, number, body):
    """Somebody texts; answers the text's sid."""
    return town.post(f"/handsets/%2B{number[1:]}/texts", to=NUMBER, body=body)["sid"]


def carried_out(redis, phone, kind, since=STARTED):
    """The run as it is when a worker is done with it, and its outcomes."""
    queues = SimpleNamespace(enqueue_call=lambda *_, **__: None)
    run = backfill_jobs.enqueue_run(redis, queues, kind, {"since": since, "until": time.time() + 5})
    backfill_jobs.run_job(run.id)
    return runs.load(redis, run.id), runs.outcomes(redis, run.id)


def test_a_text_that_never_came_is_found_brought_in_and_answered_once(town, redis, phone, github_is_quiet, began):
    me = "+447700900291"
    texts(town, me, "time")
    eventually(lambda: len(inbox.latest(redis)) == 1)
    town.post("/faults", kind="webhook-drop", channel="sms")
    texts(town, me, "flip")
    run, outcomes = carried_out(redis, phone, runs.FIND_MISSING, since=began)
    assert [outcome.words for outcome in outcomes if "291" in outcome.what] == ["not received"]
    assert "not in our inbox" in run.words
    assert len(inbox.latest(redis)) == 1

    run, outcomes = carried_out(redis, phone, runs.BACKFILL, since=began)
    assert run.state == "done"
    assert [outcome.words for outcome in outcomes if "291" in outcome.what] == ["done"]
    assert inbox.latest(redis)[0][1].replay_mark == f"backfilled {run.id}"
    assert [event.data["words"] for event in events.read_latest(redis, 50) if event.type == "text.received"][
        -1
    ] == "flip"

    sweep.send_waiting(redis)
    carried_out(redis, phone, runs.BACKFILL, since=began)
    sweep.send_waiting(redis)
    assert len(town.sent_to(me)) == 1
    assert town.sent_to(me)[0].startswith("I flipped a coin")


def test_a_start_that_comes_late_does_not_undo_what_came_meanwhile(town, redis, phone, github_is_quiet, began):
    me = "+447700900293"
    town.post("/faults", kind="webhook-drop", channel="sms")
    texts(town, me, "START")
    texts(town, me, "STOP")
    eventually(lambda: opt_outs.has_opted_out(redis, me))
    _, outcomes = carried_out(redis, phone, runs.BACKFILL, since=began)
    assert [outcome.words for outcome in outcomes if "293" in outcome.what] == ["done"]
    assert opt_outs.has_opted_out(redis, me)


def test_the_end_of_a_call_that_was_not_told_is_brought_in(town, redis, phone, github_is_quiet, began):
    town.post("/faults", kind="webhook-drop", channel="voice-status")
    door = "/handsets/%2B447700900292/calls"
    sid = town.post(door, to=NUMBER)["sid"]
    town.post(f"{door}/{sid}/hangup")
    eventually(lambda: town.get(f"{door}/{sid}")["status"] in ("completed", "canceled"))
    _, outcomes = carried_out(redis, phone, runs.BACKFILL, since=began)
    assert [outcome.state for outcome in outcomes if "call from +44 ••• 292" in outcome.what] == ["success"]
    assert [event.subject for event in events.read_latest(redis, 50) if event.type == "call.ended"] == [sid]
    _, outcomes = carried_out(redis, phone, runs.FIND_MISSING, since=began)
    assert not [outcome for outcome in outcomes if "292" in outcome.what]


def now(ago=0):
    return datetime.fromtimestamp(time.time() - ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_what_github_delivered_to_nobody_is_brought_in_as_its_own(redis, phone, github_is_quiet):
    payload = {"action": "opened", "issue": {"number": 7, "title": "läutet"}, "sender": {"login": "ada"}}
    github_is_quiet.delivered("11111111-aaaa", now(4 * 3600), payload=payload)  # outside of the window
    github_is_quiet.delivered("22222222-bbbb", now(30), payload=payload)
    github_is_quiet.delivered("22222222-bbbb", now(20), payload=payload, redelivery=True)
    github_is_quiet.delivered("33333333-cccc", now(15), payload=payload | {"issue": {"number": 8, "title": "x"}})
    run, outcomes = carried_out(redis, phone, runs.BACKFILL)
    mine = [outcome for outcome in outcomes if outcome.what.startswith("issues")]
    assert [(outcome.state, outcome.status) for outcome in mine] == [("success", 204)] * 2
    assert [told["summary"] for told in heard(redis)] == ["ada opened issue #7: läutet", "ada opened issue #8: x"]
    assert "2 GitHub events" in run.words
    kept = [delivery for _, delivery, _ in inbox.latest(redis) if inbox.source_of(delivery) == "github"]
    assert kept[0].headers["x-github-delivery"] == "33333333-cccc"
    _, outcomes = carried_out(redis, phone, runs.BACKFILL)
    assert not [outcome for outcome in outcomes if outcome.what.startswith("issues")]


def test_what_github_no_longer_shows_is_asked_for_again(redis, phone, github_is_quiet):
    github_is_quiet.delivered("44444444-dddd", now(10))
    _, outcomes = carried_out(redis, phone, runs.BACKFILL)
    (outcome,) = [outcome for outcome in outcomes if outcome.what.startswith("issues")]
    assert (outcome.state, github_is_quiet.asked_again) == ("waiting", [1000])


def test_a_busy_github_is_asked_again_as_late_as_it_wants(settings, github_is_quiet):
    waits, soon, began = [], int(time.time()) + 25, time.time()
    limited = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(soon)}
    github_is_quiet.refuse = [(503, {}), (429, {"Retry-After": "7"}), (403, limited)]
    github_is_quiet.delivered("55555555-eeee", now())
    found = list(GitHubHook(settings, waits.append).list_sent(time.time() - 60, time.time() + 5))
    assert [one.key for one in found] == ["github 55555555-eeee"]
    assert waits[0] <= 0.5 and waits[1] == 7 and soon - time.time() <= waits[2] <= soon - began


@pytest.mark.parametrize(
    ("refusal", "words"),
    [((404, {}), "no such webhook"), ((302, {"Location": "https://elsewhere.example/"}), "GITHUB_HOOK_URL")],
)
def test_a_github_that_refuses_does_not_hide_what_twilio_says(
    refusal, words, town, redis, phone, github_is_quiet, began
):
    github_is_quiet.refuse = [refusal]
    run, outcomes = carried_out(redis, phone, runs.FIND_MISSING, since=began)
    assert [words in outcome.words for outcome in outcomes if outcome.what == "GitHub events"] == [True]
    assert run.state == "done"


def test_a_github_that_talks_nonsense_is_said_so_and_hides_nothing(redis, settings, github_is_quiet):
    unreadable = {"Content-Length": "1000", "Connection": "close"}  # and then it hangs up
    limited = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}
    for status, headers in ((200, unreadable), (403, limited), (200, {"Content-Encoding": "gzip"})):
        github_is_quiet.refuse = [(status, headers)] * retry.MAX_TRIES
        asked = {"text": lambda *_: iter(()), "GitHub event": GitHubHook(settings, lambda _: None).list_sent}
        found = backfill.find_missing(redis, asked, STARTED, time.time(), lambda _: None)
        assert list(found.failed_logs) == ["GitHub events"]


def test_our_token_goes_to_no_other_host(settings):
    with pytest.raises(GaveUp, match="another host"):
        GitHubHook(settings)._request("GET", "http://127.0.0.1:9/repos/talk/demo/hooks/1/deliveries")


def test_with_a_wrong_token_it_says_which_setting(settings, github_is_quiet):
    hook = GitHubHook(replace(settings, github_token=config.Secret("another")))
    with pytest.raises(GaveUp, match="does not accept GITHUB_TOKEN"):
        list(hook.list_sent(0, time.time()))


def test_an_app_signs_in_with_its_key(settings):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    from receiving.replay.github_log import _bearer_token

    told = jwt.decode(_bearer_token("12345:" + pem.replace("\n", "\\n")), key.public_key(), ["RS256"])
    assert told["iss"] == "12345" and told["exp"] - told["iat"] <= 600


def test_github_is_asked_only_when_all_of_it_is_set(settings, redis):
    assert "GitHub event" in backfill.provider_logs(settings, redis)
    for less in ({"github_token": ""}, {"github_hook_url": ""}, {"webhook_secrets": {}}):
        assert "GitHub event" not in backfill.provider_logs(replace(settings, **less), redis)


def test_twilios_pages_are_turned_and_its_trouble_waited_out(town, phone, monkeypatch, began):
    me, waits = "+447700900293", []
    monkeypatch.setattr(twilio_log, "PAGE_SIZE", 2)
    sids = {f"text {texts(town, me, 'time')}" for _ in range(5)}
    town.post("/faults", kind="rest-refuse", status=429)
    town.post("/faults", kind="rest-refuse", status=503)
    found = list(twilio_log.list_texts(phone, began, time.time() + 5, waits.append))
    assert sids <= {one.key for one in found}
    assert waits and waits[0] == 1  # the exchange's Retry-After


def test_a_list_that_is_too_long_is_said_so(town, phone, monkeypatch, began):
    monkeypatch.setattr(twilio_log, "MAX_ROWS", 1)
    for _ in range(2):
        texts(town, "+447700900294", "time")
    with pytest.raises(GaveUp, match="shorter window"):
        list(twilio_log.list_texts(phone, began, time.time() + 5))


def test_what_may_still_be_on_its_way_is_left_alone(town, redis, phone, monkeypatch, github_is_quiet, began):
    town.post("/faults", kind="webhook-drop", channel="sms")
    texts(town, "+447700900295", "time")
    monkeypatch.setattr(backfill, "MIN_AGE_SECONDS", 600)
    run, outcomes = carried_out(redis, phone, runs.BACKFILL, since=began)
    assert not [outcome for outcome in outcomes if "295" in outcome.what]
    assert "may still be on their way" in run.words


def test_a_run_that_breaks_off_says_so(redis, phone, monkeypatch):
    monkeypatch.setattr(backfill, "provider_logs", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        carried_out(redis, phone, runs.FIND_MISSING)
    assert runs.latest(redis)[0].state == "failed"
    assert "ZeroDivisionError" in runs.latest(redis)[0].words


def test_runs_and_their_rows_do_not_pile_up(redis, phone, monkeypatch):
    monkeypatch.setattr(runs, "MAX_OUTCOMES", 3)
    log = runs.RunWriter(redis, runs.plan(redis, runs.FIND_MISSING, {}))
    for _ in range(5):
        log.add_outcome(runs.Outcome("x", "success", 200, 0.1, "done"))
    for _ in range(runs.MAX_RUNS + 2):
        runs.plan(redis, runs.FIND_MISSING, {})
    assert len(runs.outcomes(redis, log.run.id, 100)) == 3
    assert redis.llen(runs.RUNS_KEY) == runs.MAX_RUNS
    assert all(redis.ttl(key) > 0 for key in redis.keys("run:*"))


class TestPatience:
    def test_it_gives_up_after_five_tries_and_says_why(self):
        waits = []

        def away():
            raise RetryableError("Twilio answered 503", 100)

        with pytest.raises(GaveUp, match="Twilio answered 503, 5 times"):
            with_retries(away, waits.append)
        assert waits == [retry.MAX_DELAY_SECONDS] * 4


def test_the_command_lists_the_missing_webhooks_and_submits_them(
    town, redis, phone, settings, front_door, github_is_quiet, began
):
    since = datetime.fromtimestamp(began, UTC).isoformat()
    github_is_quiet.delivered("66666666-ffff", now(), payload={"action": "opened", "zen": "x"})
    flask = create_app(replace(settings, twilio_api_url=town.url), redis).test_cli_runner().invoke
    result = flask(args=["backfill", "--since", since])
    assert (result.exit_code, "issues opened (failed to connect to host)" in result.output) == (1, True)
    result = flask(args=["backfill", "--since", since, "--submit"])
    assert (result.exit_code, "204" in result.output) == (0, True)
    result = flask(args=["backfill", "--since", since])
    assert (result.exit_code, "all were received" in result.output) == (0, True)
