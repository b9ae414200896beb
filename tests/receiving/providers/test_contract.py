"""The contract that every provider must fulfil. These tests cover each module in receiving/providers/ automatically."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import config
import events
from bench import providers as benchmark
from receiving import providers, rejected_requests, stored_requests
from receiving.delivery import Delivery
from receiving.rejection_reasons import RejectedRequest
from tests.support.providers import ANY, OTHERS, heard, open_app, those

REFUSED = (401, 403, 404)


def is_rejected(answer, caplog):
    """True if the rejection is one sentence, without a traceback in the log."""
    assert answer.status_code in REFUSED, answer.text
    assert answer.text.count("\n") == 1
    assert "Traceback" not in caplog.text
    return True


def verifies(provider, delivery, secrets):
    try:
        provider.verify(delivery, secrets)
    except RejectedRequest:
        return False
    return True


def test_genuine_webhook_is_accepted_stored_and_published(case, send, redis):
    delivery = case.signed()
    answer = send(delivery)
    assert (answer.status_code, answer.text) == (case.provider.response.status, "")
    assert answer.status_code in (200, 204)
    assert stored_requests.latest(redis)[0][1].body == delivery.body
    (told,) = heard(redis)
    assert told["provider"] == case.name
    assert told["event"]
    assert 0 < len(told["summary"]) <= 160


def test_summary_of_each_sample_is_readable(case, send, redis):
    for event in case.provider.samples:
        assert send(case.signed(event)).status_code in (200, 204), event
    summaries = [told["summary"] for told in heard(redis)]
    assert len(summaries) == len(case.provider.samples)
    for summary in summaries:
        assert summary.isprintable()
        assert "sent something we cannot read" not in summary
        assert "ada@" not in summary
        assert "  " not in summary


@those(lambda case: case.signs_body)
def test_changed_byte_is_rejected(case, send, caplog, redis):
    delivery = case.signed()
    for at in (0, len(delivery.body) // 2, len(delivery.body) - 1):
        body = bytearray(delivery.body)
        body[at] ^= 1
        is_rejected(send(replace(delivery, body=bytes(body))), caplog)
    assert not heard(redis)


@those(lambda case: case.signs_body)
def test_longer_body_is_rejected(case, send, caplog):
    delivery = case.signed()
    is_rejected(send(replace(delivery, body=delivery.body + b"+")), caplog)


def test_unsigned_webhook_is_rejected(case, send, caplog, redis):
    is_rejected(send(case.unsigned()), caplog)
    assert not heard(redis)


def test_malformed_signature_is_rejected_without_a_traceback(case, send, caplog):
    delivery = case.signed()
    for header in case.proof:
        for nonsense in ("", "é\xe9", "=" * 5000, "a,b", "v1,", "t=1,v1=", "Basic é", "\t", "0" * 40):
            assert is_rejected(send(delivery.with_headers(**{header: nonsense})), caplog), nonsense


def test_each_signature_header_is_required(case, send, caplog):
    delivery = case.signed()
    for header in case.proof:
        less = {name: text for name, text in delivery.headers.items() if name != header}
        is_rejected(send(replace(delivery, headers=less)), caplog)


def test_duplicate_signature_header_is_rejected(case, send, caplog):
    """WSGI joins two headers of one name with a comma; which of them was signed is unknown."""
    delivery = case.signed()
    for header in case.proof:
        text = delivery.headers[header]
        for second in (text, text[:-1] + ("0" if text[-1] != "0" else "1")):
            is_rejected(send(delivery.with_headers(**{header: f"{text},{second}"})), caplog)
            is_rejected(send(delivery.with_headers(**{header: f"{second},{text}"})), caplog)


@those(lambda case: case.holds_time)
@pytest.mark.parametrize("late", [-1, 1])
def test_old_and_future_timestamps_are_rejected(case, late, send, caplog):
    delivery = case.signed(at=time.time() + late * (case.provider.tolerance_seconds + 60))
    is_rejected(send(delivery), caplog)


@those(lambda case: case.holds_time)
@pytest.mark.parametrize("late", [-1, 1])
def test_timestamp_window_is_exact(case, late):
    delivery = case.signed(at=1_700_000_000)
    edge = 1_700_000_000 + late * case.provider.tolerance_seconds
    assert verifies(case.provider, replace(delivery, received_at=edge), case.secrets)
    assert not verifies(case.provider, replace(delivery, received_at=edge + late), case.secrets)


def test_signature_with_another_secret_is_rejected(case, send, caplog):
    other = (config.Secret(OTHERS.get(case.name, "another-" + ANY)),)
    is_rejected(send(case.provider.sign(case.unsigned(), other)), caplog)


def test_both_secrets_verify_during_a_rotation(case):
    other = config.Secret(OTHERS.get(case.name, "another-" + ANY))
    assert verifies(case.provider, case.signed(), (other, *case.secrets))
    assert verifies(case.provider, case.signed(), (*case.secrets, other))
    assert not verifies(case.provider, case.signed(), (other,))


def test_oversized_body_is_rejected_before_it_is_read(case, send, caplog):
    delivery = case.signed()
    limit = case.provider.max_bytes_by_type[delivery.headers["content-type"].partition(";")[0]]
    answer = send(delivery, CONTENT_LENGTH=str(limit + 1))
    assert answer.status_code == 413
    assert "Traceback" not in caplog.text


def test_other_content_type_is_rejected(case, send, redis):
    for kind in ("application/xml", "image/png", "", "é"):
        assert send(case.signed().with_headers(content_type=kind)).status_code == 415, kind
    assert not heard(redis)


def test_duplicate_gets_the_stored_response(case, send, redis):
    delivery = case.signed()
    first, second = send(delivery), send(delivery)
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert len(heard(redis)) == 1
    assert len(stored_requests.latest(redis)) == 1
    assert events.read_latest(redis, 1)[0].type == "delivery.duplicate"


def test_different_webhooks_are_different_events(case, send, redis):
    send(case.signed())
    send(case.signed())
    assert len(heard(redis)) == 2


def test_ten_concurrent_duplicates_are_one_event(case, send, redis):
    delivery = case.signed()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: send(delivery), range(10)))
    assert {answer.status_code for answer in answers} == {case.provider.response.status}
    assert len(heard(redis)) == 1


def test_claim_lasts_as_long_as_the_provider_retries(case, send, redis):
    send(case.signed())
    (claim,) = redis.keys(f"claim:webhook:{case.name}:*")
    assert case.provider.claim_ttl_seconds - 5 <= redis.ttl(claim) <= case.provider.claim_ttl_seconds


def test_failed_commit_leaves_nothing_behind(case, send, redis, monkeypatch):
    from receiving import idempotency

    monkeypatch.setattr(
        idempotency, "commit_if_unchanged", lambda *_: (_ for _ in ()).throw(RuntimeError("the process died"))
    )
    assert send(case.signed()).status_code == 500
    monkeypatch.undo()
    assert not heard(redis)
    assert not redis.keys("claim:webhook:*")


def test_no_secret_is_stored_or_logged(case, send, redis, caplog):
    with caplog.at_level(logging.DEBUG):
        send(case.signed())
        send(case.unsigned())
    rows = str(
        [
            redis.xrange(stored_requests.STREAM),
            redis.xrange(rejected_requests.REJECTED_STREAM),
            redis.xrange(events.STREAM_KEY),
        ]
    )
    for secret in case.secrets:
        assert secret.rpartition(":")[2] not in rows + caplog.text
    assert case.signed().headers.get("authorization", "nothing") not in rows


@pytest.mark.parametrize("path", ["/webhooks/plain", "/%77ebhooks/plain", "/webhooks/%70lain"])
def test_secret_in_the_path_is_redacted_in_any_spelling_of_the_path(path):
    assert Delivery("POST", f"https://talk.example{path}/{'p' * 32}?x=1", {}, b"").redacted_path == "/webhooks/plain/…"


def test_rejection_is_stored_with_its_diagnosis(case, send, redis):
    answer = send(case.unsigned())
    _, delivery, why = rejected_requests.latest(redis)[0]
    assert delivery.body == case.unsigned().body or len(delivery.body) > 0
    assert why.name and why.explanation and why.fix
    assert why.explanation not in answer.text and why.fix not in answer.text


@pytest.mark.parametrize("name", providers.load())
def test_provider_without_a_secret_is_404(name, environ, redis):
    client = open_app({**environ, f"{name.upper()}_WEBHOOK_SECRET": ""}, redis).test_client()
    missing, unknown = client.post(f"/webhooks/{name}", json={}), client.post("/webhooks/nobody", json={})
    assert (missing.status_code, missing.data) == (unknown.status_code, unknown.data)
    assert missing.status_code == 404


@pytest.mark.parametrize("name", providers.load())
def test_only_used_methods_are_allowed(name, app):
    client = app.test_client()
    has_handshake = providers.load()[name].has_handshake
    assert client.put(f"/webhooks/{name}", json={}).status_code == 405
    assert (client.get(f"/webhooks/{name}").status_code == 405) is not has_handshake


def test_trailing_slash_is_not_redirected(case, send):
    delivery = replace(case.unsigned(), url=case.unsigned().url + "/")
    assert send(case.provider.sign(delivery, case.secrets)).status_code in (200, 204)


@those(lambda case: "application/json" in case.provider.max_bytes_by_type)
def test_genuine_but_unreadable_body_is_accepted_and_stored(case, send, redis, caplog):
    for body in (b"\xff\xfe", b"", b"[" * 100_000, b"null", b'"\\ud800"', b"1e999", b"{}", b"[[]]"):
        redis.flushall()  # some providers name the event by its body, of which two are alike
        delivery = replace(
            case.unsigned(), body=body, headers={**case.unsigned().headers, "content-type": "application/json"}
        )
        assert send(case.provider.sign(delivery, case.secrets)).status_code in (200, 204), body[:9]
        assert stored_requests.latest(redis)[0][1].body in (body, body[: stored_requests.MAX_INLINE_BODY_BYTES])
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("name", providers.load())
def test_secret_in_the_benchmark_can_be_used(name):
    providers.check_settings({name: (config.Secret(benchmark.secret(name)),)})
