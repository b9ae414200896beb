"""What every provider's address promises. A new file in receiving/providers/ is tested here unasked."""

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import config
import events
from receiving import inbox, providers
from receiving.delivery import Delivery
from receiving.errors import RejectedRequest
from tests.support.providers import ANY, CASES, OTHERS, heard, open_app, those

REFUSED = (401, 403, 404)


def refused(answer, caplog):
    """A clear refusal: one sentence, and no trace anywhere."""
    assert answer.status_code in REFUSED, answer.text
    assert answer.text.count("\n") == 1
    assert "Traceback" not in caplog.text
    return True


def good(provider, delivery, secrets):
    try:
        provider.verify(delivery, secrets)
    except RejectedRequest:
        return False
    return True


def test_a_genuine_one_is_answered_kept_and_told(case, send, redis):
    delivery = case.signed()
    answer = send(delivery)
    assert (answer.status_code, answer.text) == (case.provider.response.status, "")
    assert answer.status_code in (200, 204)
    assert inbox.latest(redis)[0][1].body == delivery.body
    (told,) = heard(redis)
    assert told["provider"] == case.name
    assert told["event"]
    assert 0 < len(told["summary"]) <= 160


@pytest.mark.parametrize(
    ("case", "event"),
    [(case, event) for case in CASES for event in case.provider.samples],
    ids=lambda part: getattr(part, "name", part),
)
def test_each_sample_can_be_said_to_people(case, event, send, redis):
    assert send(case.signed(event)).status_code in (200, 204)
    (told,) = heard(redis)
    assert told["summary"].isprintable()
    assert "sent something we cannot read" not in told["summary"]
    assert "ada@" not in told["summary"]
    assert "  " not in told["summary"]


@those(lambda case: case.signs_body)
def test_one_changed_byte_is_refused(case, send, caplog, redis):
    delivery = case.signed()
    for at in (0, len(delivery.body) // 2, len(delivery.body) - 1):
        body = bytearray(delivery.body)
        body[at] ^= 1
        refused(send(replace(delivery, body=bytes(body))), caplog)
    assert not heard(redis)


@those(lambda case: case.signs_body)
def test_a_longer_body_is_refused(case, send, caplog):
    delivery = case.signed()
    refused(send(replace(delivery, body=delivery.body + b"+")), caplog)


def test_one_without_proof_is_refused(case, send, caplog, redis):
    refused(send(case.unsigned()), caplog)
    assert not heard(redis)


@pytest.mark.parametrize("nonsense", ["", "é\xe9", "=" * 5000, "a,b", "v1,", "t=1,v1=", "Basic é", "\t", "0" * 40])
def test_nonsense_in_place_of_its_proof_is_refused_without_a_trace(case, nonsense, send, caplog):
    delivery = case.signed()
    for header in case.proof:
        refused(send(delivery.with_headers(**{header: nonsense})), caplog)


def test_each_header_of_the_proof_is_needed(case, send, caplog):
    delivery = case.signed()
    for header in case.proof:
        less = {name: text for name, text in delivery.headers.items() if name != header}
        refused(send(replace(delivery, headers=less)), caplog)


def test_a_doubled_header_is_refused(case, send, caplog):
    """Two of one name come joined by a comma; which of them was signed would be a guess."""
    delivery = case.signed()
    for header in case.proof:
        text = delivery.headers[header]
        for second in (text, text[:-1] + ("0" if text[-1] != "0" else "1")):
            refused(send(delivery.with_headers(**{header: f"{text},{second}"})), caplog)
            refused(send(delivery.with_headers(**{header: f"{second},{text}"})), caplog)


@those(lambda case: case.holds_time)
@pytest.mark.parametrize("late", [-1, 1])
def test_a_stale_one_and_one_from_the_future_are_refused(case, late, send, caplog):
    delivery = case.signed(at=time.time() + late * (case.provider.tolerance_seconds + 60))
    refused(send(delivery), caplog)


@those(lambda case: case.holds_time)
@pytest.mark.parametrize("late", [-1, 1])
def test_the_window_is_as_wide_as_it_says(case, late):
    delivery = case.signed(at=1_700_000_000)
    edge = 1_700_000_000 + late * case.provider.tolerance_seconds
    assert good(case.provider, replace(delivery, received_at=edge), case.secrets)
    assert not good(case.provider, replace(delivery, received_at=edge + late), case.secrets)


def test_another_secret_is_refused(case, send, caplog):
    other = (config.Secret(OTHERS.get(case.name, "another-" + ANY)),)
    refused(send(case.provider.sign(case.unsigned(), other)), caplog)


def test_while_a_secret_is_rotated_both_are_good(case):
    other = config.Secret(OTHERS.get(case.name, "another-" + ANY))
    assert good(case.provider, case.signed(), (other, *case.secrets))
    assert good(case.provider, case.signed(), (*case.secrets, other))
    assert not good(case.provider, case.signed(), (other,))


def test_one_too_large_is_refused_before_it_is_read(case, send, caplog):
    delivery = case.signed()
    limit = case.provider.max_bytes_by_type[delivery.headers["content-type"].partition(";")[0]]
    answer = send(delivery, CONTENT_LENGTH=str(limit + 1))
    assert answer.status_code == 413
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("kind", ["application/xml", "image/png", "", "é"])
def test_another_content_type_is_refused(case, kind, send, redis):
    answer = send(case.signed().with_headers(content_type=kind))
    assert answer.status_code == 415
    assert not heard(redis)


def test_a_copy_gets_the_same_answer_and_changes_nothing(case, send, redis):
    delivery = case.signed()
    first, second = send(delivery), send(delivery)
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert len(heard(redis)) == 1
    assert len(inbox.latest(redis)) == 1
    assert events.read_latest(redis, 1)[0].type == "delivery.duplicate"


def test_two_events_are_two(case, send, redis):
    send(case.signed())
    send(case.signed())
    assert len(heard(redis)) == 2


def test_ten_copies_at_once_are_told_once(case, send, redis):
    delivery = case.signed()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: send(delivery), range(10)))
    assert {answer.status_code for answer in answers} == {case.provider.response.status}
    assert len(heard(redis)) == 1


def test_a_claim_is_remembered_as_long_as_the_sender_may_try(case, send, redis):
    send(case.signed())
    (claim,) = redis.keys(f"claim:webhook:{case.name}:*")
    assert case.provider.claim_ttl_seconds - 5 <= redis.ttl(claim) <= case.provider.claim_ttl_seconds


def test_a_store_that_fails_leaves_nothing_half_done(case, send, redis, monkeypatch):
    from receiving import idempotency

    monkeypatch.setattr(
        idempotency, "commit_if_unchanged", lambda *_: (_ for _ in ()).throw(RuntimeError("the process died"))
    )
    assert send(case.signed()).status_code == 500
    monkeypatch.undo()
    assert not heard(redis)
    assert not redis.keys("claim:webhook:*")


def test_no_secret_is_kept_or_logged(case, send, redis, caplog):
    with caplog.at_level(logging.DEBUG):
        send(case.signed())
        send(case.unsigned())
    rows = str([redis.xrange(inbox.STREAM), redis.xrange(inbox.REJECTED_STREAM), redis.xrange(events.STREAM_KEY)])
    for secret in case.secrets:
        assert secret.rpartition(":")[2] not in rows + caplog.text
    assert case.signed().headers.get("authorization", "nothing") not in rows


@pytest.mark.parametrize("path", ["/webhooks/plain", "/%77ebhooks/plain", "/webhooks/%70lain"])
def test_a_secret_in_an_address_is_hidden_however_the_rest_is_written(path):
    assert Delivery("POST", f"https://talk.example{path}/{'p' * 32}?x=1", {}, b"").redacted_path == "/webhooks/plain/…"


def test_a_refusal_is_kept_for_the_presenter_with_its_reason(case, send, redis):
    answer = send(case.unsigned())
    _, delivery, why = inbox.latest_rejected(redis)[0]
    assert delivery.body == case.unsigned().body or len(delivery.body) > 0
    assert why.name and why.explanation and why.fix
    assert why.explanation not in answer.text and why.fix not in answer.text


@pytest.mark.parametrize("name", providers.load())
def test_without_its_secret_a_provider_is_not_there(name, environ, redis):
    client = open_app({**environ, f"{name.upper()}_WEBHOOK_SECRET": ""}, redis).test_client()
    missing, unknown = client.post(f"/webhooks/{name}", json={}), client.post("/webhooks/nobody", json={})
    assert (missing.status_code, missing.data) == (unknown.status_code, unknown.data)
    assert missing.status_code == 404


@pytest.mark.parametrize("name", providers.load())
def test_only_the_methods_it_uses_are_allowed(name, app):
    client = app.test_client()
    has_handshake = providers.load()[name].has_handshake
    assert client.put(f"/webhooks/{name}", json={}).status_code == 405
    assert (client.get(f"/webhooks/{name}").status_code == 405) is not has_handshake


def test_a_trailing_slash_does_not_redirect(case, send):
    delivery = replace(case.unsigned(), url=case.unsigned().url + "/")
    assert send(case.provider.sign(delivery, case.secrets)).status_code in (200, 204)


@those(lambda case: "application/json" in case.provider.max_bytes_by_type)
@pytest.mark.parametrize("body", [b"\xff\xfe", b"", b"[" * 100_000, b"null", b'"\\ud800"', b"1e999", b"{}", b"[[]]"])
def test_genuine_nonsense_is_ours_to_keep_and_the_sender_hears_no_complaint(case, body, send, redis, caplog):
    delivery = replace(
        case.unsigned(), body=body, headers={**case.unsigned().headers, "content-type": "application/json"}
    )
    assert send(case.provider.sign(delivery, case.secrets)).status_code in (200, 204)
    assert inbox.latest(redis)[0][1].body in (body, body[: inbox.MAX_INLINE_BODY_BYTES])
    assert "Traceback" not in caplog.text


def test_the_table_of_settings_has_a_row_for_each(environ):
    rows = dict(providers.setting_rows())
    assert set(rows) == {f"{name.upper()}_WEBHOOK_SECRET" for name in providers.load()}
    assert all(rows.values())


def test_every_provider_the_talk_names_is_here():
    talk = "github heroku stripe braintree mailchimp mandrill sendgrid dropbox standard plain"
    assert set(talk.split()) <= set(providers.load())


def test_each_file_opens_with_the_link_to_its_rules():
    import importlib

    for name in providers.load():
        opening = importlib.import_module(f"receiving.providers.{name}").__doc__.partition("\n")[0]
        assert ": https://" in opening, opening


def test_a_file_that_lacks_something_says_what():
    from types import ModuleType

    module = ModuleType("receiving.providers.half")
    module.Half = type("Half", (providers.Provider,), {"__module__": module.__name__, "title": "Half"})
    with pytest.raises(TypeError, match="half lacks setting_description, max_bytes_by_type"):
        providers._load_provider(module)
    whole = dict.fromkeys(["setting_description", "max_bytes_by_type", "claim_ttl_seconds", "samples"], "")
    module.Half = type("Half", (module.Half,), {"__module__": module.__name__, **whole})
    with pytest.raises(TypeError, match=r"abstract methods '?parse"):
        providers._load_provider(module)


def test_a_secret_for_nobody_is_named_in_the_log(environ, redis, caplog):
    open_app({**environ, "SHOPYFY_WEBHOOK_SECRET": "x"}, redis)
    assert "SHOPYFY_WEBHOOK_SECRET names no provider" in caplog.text


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("braintree", "only-one-key", "must be public_key:private_key"),
        ("sendgrid", "not a key", "must be the verification key"),
        ("standard", "whsec_not base64", "must be whsec_ or whpk_ and Base64"),
        ("standard", "secret", "must be whsec_ or whpk_ and Base64"),
        ("heroku", "authorization:Bearer x", "must contain the webhook's secret"),
        ("plain", "secret", "must be path:secret, basic:user:password or bearer:token"),
        ("plain", "path:short", "must have at least 22 letters"),
        ("plain", "bearer:short", "must have at least 16 characters"),
        ("plain", "basic:a:b", "at least 15 characters in user and password"),
        ("mailchimp", "path:../../etc/passwd-and-so-on", "must have at least 22 letters"),
    ],
)
def test_a_secret_that_cannot_work_stops_the_app_and_says_how_to_mend_it(environ, redis, name, text, words):
    with pytest.raises(config.ConfigError, match=f"{name.upper()}_WEBHOOK_SECRET .*{words}"):
        open_app({**environ, f"{name.upper()}_WEBHOOK_SECRET": text}, redis)


def test_webhook_secrets_may_be_several_and_print_as_dots(environ):
    settings = config.load({**environ, "GITHUB_WEBHOOK_SECRET": "newer, older"})
    assert settings.webhook_secrets["github"] == ("newer", "older")
    assert "newer" not in repr(settings)
    with pytest.raises(TypeError):
        settings.webhook_secrets["github"] = ()


def test_an_empty_webhook_secret_is_named(environ):
    with pytest.raises(config.ConfigError, match="GITHUB_WEBHOOK_SECRET contains no value"):
        config.load({**environ, "GITHUB_WEBHOOK_SECRET": " , "})


def test_a_large_body_is_kept_in_part_and_is_no_longer_for_replay(send, redis):
    case = next(case for case in CASES if case.name == "github")
    delivery = replace(case.unsigned(), body=json.dumps({"zen": "x" * 100_000}).encode())
    assert send(case.provider.sign(delivery, case.secrets)).status_code == 204
    name, kept, _ = inbox.latest(redis)[0]
    assert kept.body == delivery.body[: inbox.MAX_INLINE_BODY_BYTES]
    assert inbox.find(redis, name) is None


def test_large_bodies_have_only_so_many_places_and_the_newest_keep_theirs(redis):
    case = next(case for case in CASES if case.name == "github")
    for number in range(3 * inbox.LARGE_BODY_SLOTS):
        inbox.save(redis, replace(case.unsigned(), body=f"{number} ".encode() * 2_000))
    newest = inbox.latest(redis, 1_000)
    assert newest[0][2] and inbox.find(redis, newest[0][0]).body == newest[0][1].body
    assert inbox.LARGE_BODY_SLOTS / 2 < sum(whole for *_, whole in newest) <= inbox.LARGE_BODY_SLOTS
    assert redis.hlen(inbox.LARGE_BODIES_KEY) <= inbox.LARGE_BODY_SLOTS
    assert 0 < redis.ttl(inbox.LARGE_BODIES_KEY) <= inbox.INBOX_TTL_SECONDS
    name, kept, _ = next(one for one in newest if not one[2])
    assert len(kept.body) == inbox.MAX_INLINE_BODY_BYTES and inbox.find(redis, name) is None
    assert [(name, whole) for name, _, whole in inbox.list_between(redis, 0, time.time() + 1)] == [
        (name, whole) for name, _, whole in reversed(newest)
    ]
