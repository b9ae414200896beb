"""Backfill: webhooks in Twilio's and GitHub's logs that are not in the inbox are processed once."""

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
from receiving import stored_requests
from receiving.replay import missing_webhooks_backfill, replay_and_backfill_jobs, twilio_log
from receiving.replay.github_log import GitHubHook
from sending import opt_outs
from sending.http import retry
from sending.http.retry import GaveUp
from sending.twilio.gateway import TwilioGateway
from tests.support.environment import SECRETS
from tests.support.github_api import TOKEN, GitHub
from tests.support.providers import heard
from tests.support.waiting import eventually
from workers import answer_delivery, job_progress, sweep

NUMBER = "+447700900100"
STARTED = time.time() - 60


@pytest.fixture(scope="module")
def github():
    github = GitHub()
    yield github
    github.stop()


@pytest.fixture
def settings(served_app, exchange, github):
    hook = {"github_hook_url": github.url, "github_token": config.Secret(TOKEN)}
    return replace(served_app.settings, twilio_api_url=exchange.url, **hook)


@pytest.fixture
def gateway(settings, redis, monkeypatch):
    gateway = TwilioGateway(settings, redis)
    monkeypatch.setattr(answer_delivery, "get_gateway", lambda: gateway)
    monkeypatch.setattr(missing_webhooks_backfill, "MIN_AGE_SECONDS", -5)  # webhooks arrive at once on one machine
    return gateway


@pytest.fixture(scope="module")
def connected_exchange(served_app, exchange):
    """The exchange, whose number sends its webhooks to the app."""
    client = Client(exchange.environ["TWILIO_ACCOUNT_SID"], exchange.environ["TWILIO_AUTH_TOKEN"])
    client.api.base_url = exchange.url
    number = next(one for one in client.incoming_phone_numbers.list() if one.phone_number == NUMBER)
    before = {"sms_url": number.sms_url, "voice_url": number.voice_url, "status_callback": number.status_callback}
    addresses = {"sms_url": "/sms", "voice_url": "/voice", "status_callback": "/voice/status"}
    number.update(**{name: served_app.origin + path for name, path in addresses.items()})
    yield exchange
    number.update(**before)


@pytest.fixture
def began():
    """The start of this test in whole seconds, as in Twilio's log: the test reads nothing older."""
    return int(time.time()) - 1


@pytest.fixture
def empty_github(github):
    github.__dict__.update(attempts=[], details={}, refuse=[], asked_again=[], asked=[])
    return github


def texts(connected_exchange, number, body):
    """Text the number; return the sid."""
    return connected_exchange.post(f"/handsets/%2B{number[1:]}/texts", to=NUMBER, body=body)["sid"]


def execute_run(redis, gateway, kind, since=STARTED):
    """Execute a run as a worker does; return the finished run and its outcomes."""
    queues = SimpleNamespace(enqueue_call=lambda *_, **__: None)
    run = replay_and_backfill_jobs.enqueue_run(redis, queues, kind, {"since": since, "until": time.time() + 5})
    replay_and_backfill_jobs.run_job(run.id)
    return job_progress.load(redis, run.id), job_progress.outcomes(redis, run.id)


def test_missed_text_is_found_processed_and_answered_once(connected_exchange, redis, gateway, empty_github, began):
    me = "+447700900291"
    texts(connected_exchange, me, "time")
    eventually(lambda: len(stored_requests.latest(redis)) == 1)
    connected_exchange.post("/faults", kind="webhook-drop", channel="sms")
    texts(connected_exchange, me, "flip")
    run, outcomes = execute_run(redis, gateway, job_progress.FIND_MISSING, since=began)
    assert [outcome.words for outcome in outcomes if "291" in outcome.what] == ["not received"]
    assert "not in our inbox" in run.words
    assert len(stored_requests.latest(redis)) == 1

    run, outcomes = execute_run(redis, gateway, job_progress.BACKFILL, since=began)
    assert run.state == "done"
    assert [outcome.words for outcome in outcomes if "291" in outcome.what] == ["done"]
    assert stored_requests.latest(redis)[0][1].replay_mark == f"backfilled {run.id}"
    assert [event.data["words"] for event in events.read_latest(redis, 50) if event.type == "text.received"][
        -1
    ] == "flip"

    sweep.send_waiting(redis)
    execute_run(redis, gateway, job_progress.BACKFILL, since=began)
    sweep.send_waiting(redis)
    assert len(connected_exchange.sent_to(me)) == 1
    assert connected_exchange.sent_to(me)[0].startswith("I flipped a coin")


def test_backfilled_start_does_not_undo_a_later_stop(connected_exchange, redis, gateway, empty_github, began):
    me = "+447700900293"
    connected_exchange.post("/faults", kind="webhook-drop", channel="sms")
    texts(connected_exchange, me, "START")
    texts(connected_exchange, me, "STOP")
    eventually(lambda: opt_outs.has_opted_out(redis, me, SECRETS))
    _, outcomes = execute_run(redis, gateway, job_progress.BACKFILL, since=began)
    assert [outcome.words for outcome in outcomes if "293" in outcome.what] == ["done"]
    assert opt_outs.has_opted_out(redis, me, SECRETS)


def test_missed_end_of_a_call_is_processed(connected_exchange, redis, gateway, empty_github, began):
    connected_exchange.post("/faults", kind="webhook-drop", channel="voice-status")
    door = "/handsets/%2B447700900292/calls"
    sid = connected_exchange.post(door, to=NUMBER)["sid"]
    connected_exchange.post(f"{door}/{sid}/hangup")
    eventually(lambda: connected_exchange.get(f"{door}/{sid}")["status"] in ("completed", "canceled"))
    _, outcomes = execute_run(redis, gateway, job_progress.BACKFILL, since=began)
    assert [outcome.state for outcome in outcomes if "call from +44 ••• 292" in outcome.what] == ["success"]
    assert [event.subject for event in events.read_latest(redis, 50) if event.type == "call.ended"] == [sid]
    _, outcomes = execute_run(redis, gateway, job_progress.FIND_MISSING, since=began)
    assert not [outcome for outcome in outcomes if "292" in outcome.what]


def now(ago=0):
    return datetime.fromtimestamp(time.time() - ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_failed_github_deliveries_are_processed_once(redis, gateway, empty_github):
    payload = {"action": "opened", "issue": {"number": 7, "title": "läutet"}, "sender": {"login": "ada"}}
    empty_github.delivered("11111111-aaaa", now(4 * 3600), payload=payload)  # before the window
    empty_github.delivered("22222222-bbbb", now(30), payload=payload)
    empty_github.delivered("22222222-bbbb", now(20), payload=payload, redelivery=True)
    empty_github.delivered("33333333-cccc", now(15), payload=payload | {"issue": {"number": 8, "title": "x"}})
    run, outcomes = execute_run(redis, gateway, job_progress.BACKFILL)
    mine = [outcome for outcome in outcomes if outcome.what.startswith("issues")]
    assert [(outcome.state, outcome.status) for outcome in mine] == [("success", 204)] * 2
    assert [told["summary"] for told in heard(redis)] == ["ada opened issue #7: läutet", "ada opened issue #8: x"]
    assert "2 GitHub events" in run.words
    kept = [
        delivery for _, delivery, _ in stored_requests.latest(redis) if stored_requests.source_of(delivery) == "github"
    ]
    assert kept[0].headers["x-github-delivery"] == "33333333-cccc"
    _, outcomes = execute_run(redis, gateway, job_progress.BACKFILL)
    assert not [outcome for outcome in outcomes if outcome.what.startswith("issues")]


def test_github_is_asked_to_redeliver_what_it_does_not_show(redis, gateway, empty_github):
    empty_github.delivered("44444444-dddd", now(10))
    _, outcomes = execute_run(redis, gateway, job_progress.BACKFILL)
    (outcome,) = [outcome for outcome in outcomes if outcome.what.startswith("issues")]
    assert (outcome.state, empty_github.asked_again) == ("waiting", [1000])


def test_github_rate_limits_are_respected(settings, empty_github):
    waits, soon, began = [], int(time.time()) + 25, time.time()
    limited = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(soon)}
    empty_github.refuse = [(503, {}), (429, {"Retry-After": "7"}), (403, limited)]
    empty_github.delivered("55555555-eeee", now())
    found = list(GitHubHook(settings, waits.append).list_sent(time.time() - 60, time.time() + 5))
    assert [one.key for one in found] == ["github 55555555-eeee"]
    assert waits[0] <= 0.5 and waits[1] == 7 and soon - time.time() <= waits[2] <= soon - began


@pytest.mark.parametrize(
    ("refusal", "words"),
    [((404, {}), "cannot access such"), ((302, {"Location": "https://elsewhere.example/"}), "GITHUB_HOOK_URL")],
)
def test_github_error_is_reported_and_twilio_is_still_read(
    refusal, words, connected_exchange, redis, gateway, empty_github, began
):
    empty_github.refuse = [refusal]
    run, outcomes = execute_run(redis, gateway, job_progress.FIND_MISSING, since=began)
    assert [words in outcome.words for outcome in outcomes if outcome.what == "GitHub events"] == [True]
    assert run.state == "done"


def test_malformed_github_response_is_reported(redis, settings, empty_github):
    unreadable = {"Content-Length": "1000", "Connection": "close"}  # then it closes the connection
    limited = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}
    for status, headers in ((200, unreadable), (403, limited), (200, {"Content-Encoding": "gzip"})):
        empty_github.refuse = [(status, headers)] * retry.MAX_TRIES
        asked = {"text": lambda *_: iter(()), "GitHub event": GitHubHook(settings, lambda _: None).list_sent}
        found = missing_webhooks_backfill.find_missing(redis, asked, STARTED, time.time(), lambda _: None)
        assert list(found.failed_logs) == ["GitHub events"]


def test_github_token_is_not_sent_to_other_hosts(settings):
    with pytest.raises(GaveUp, match="another host"):
        GitHubHook(settings)._request("GET", "http://127.0.0.1:9/repos/talk/demo/hooks/1/deliveries")


def test_wrong_github_token_names_the_setting(settings, empty_github):
    hook = GitHubHook(replace(settings, github_token=config.Secret("another")))
    with pytest.raises(GaveUp, match="does not accept GITHUB_TOKEN"):
        list(hook.list_sent(0, time.time()))


def test_github_app_signs_a_short_lived_token(settings):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    from receiving.replay.github_log import _bearer_token

    told = jwt.decode(_bearer_token("12345:" + pem.replace("\n", "\\n")), key.public_key(), ["RS256"])
    assert told["iss"] == "12345" and told["exp"] - told["iat"] <= 600


def test_github_is_only_read_if_fully_configured(settings, redis):
    assert "GitHub event" in missing_webhooks_backfill.provider_logs(settings, redis)
    for less in ({"github_token": ""}, {"github_hook_url": ""}, {"webhook_secrets": {}}):
        assert "GitHub event" not in missing_webhooks_backfill.provider_logs(replace(settings, **less), redis)


def test_all_pages_of_twilio_are_read_despite_errors(connected_exchange, gateway, monkeypatch, began):
    me, waits = "+447700900293", []
    monkeypatch.setattr(twilio_log, "PAGE_SIZE", 2)
    sids = {f"text {texts(connected_exchange, me, 'time')}" for _ in range(5)}
    connected_exchange.post("/faults", kind="rest-refuse", status=429)
    connected_exchange.post("/faults", kind="rest-refuse", status=503)
    found = list(twilio_log.list_texts(gateway, began, time.time() + 5, waits.append))
    assert sids <= {one.key for one in found}
    assert waits and waits[0] == 1  # the Retry-After of the exchange


def test_too_many_rows_ask_for_a_shorter_window(connected_exchange, gateway, monkeypatch, began):
    monkeypatch.setattr(twilio_log, "MAX_ROWS", 1)
    for _ in range(2):
        texts(connected_exchange, "+447700900294", "time")
    with pytest.raises(GaveUp, match="shorter window"):
        list(twilio_log.list_texts(gateway, began, time.time() + 5))


def test_recent_texts_are_left_out(connected_exchange, redis, gateway, monkeypatch, empty_github, began):
    connected_exchange.post("/faults", kind="webhook-drop", channel="sms")
    texts(connected_exchange, "+447700900295", "time")
    monkeypatch.setattr(missing_webhooks_backfill, "MIN_AGE_SECONDS", 600)
    run, outcomes = execute_run(redis, gateway, job_progress.BACKFILL, since=began)
    assert not [outcome for outcome in outcomes if "295" in outcome.what]
    assert "may still be in flight" in run.words


def test_failed_run_is_marked_as_failed(redis, gateway, monkeypatch):
    monkeypatch.setattr(missing_webhooks_backfill, "provider_logs", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        execute_run(redis, gateway, job_progress.FIND_MISSING)
    assert job_progress.latest(redis)[0].state == "failed"
    assert "ZeroDivisionError" in job_progress.latest(redis)[0].words


def test_command_lists_missing_webhooks_and_submits_them(
    connected_exchange, redis, gateway, settings, served_app, empty_github, began
):
    since = datetime.fromtimestamp(began, UTC).isoformat()
    empty_github.delivered("66666666-ffff", now(), payload={"action": "opened", "zen": "x"})
    flask = create_app(replace(settings, twilio_api_url=connected_exchange.url), redis).test_cli_runner().invoke
    result = flask(args=["backfill", "--since", since])
    assert (result.exit_code, "issues opened (failed to connect to host)" in result.output) == (1, True)
    result = flask(args=["backfill", "--since", since, "--submit"])
    assert (result.exit_code, "204" in result.output) == (0, True)
    result = flask(args=["backfill", "--since", since])
    assert (result.exit_code, "all were received" in result.output) == (0, True)
