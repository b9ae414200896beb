"""Twilio's endpoints: every request is authenticated, and errors are 4xx or 503."""

import logging

import pytest

import events
from phone import fallbacks
from receiving import rejected_requests
from tests.support.person import CALL_SID, TEXT_SID

OTHERS = ("/present", "/webhooks", "/api", "/unfollow", "/phone", "/screens")


def endpoints(app):
    """Every endpoint for Twilio. The others use other authentication and have their own tests."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods]
    return sorted({rule.rule for rule in rules if not rule.rule.startswith(OTHERS)})


def test_twilio_endpoints_exist(app):
    expected = {"/voice", "/voice/status", "/voice/fallback", "/sms", "/sms/status", "/sms/fallback"}
    assert expected <= set(endpoints(app))


def test_unsigned_requests_are_rejected_everywhere(app):
    client = app.test_client()
    for endpoint in endpoints(app):
        answer = client.post(endpoint, data={"From": "+447700900201"}, environ_overrides={"RAW_URI": endpoint})
        assert (endpoint, answer.status_code) == (endpoint, 403)
        assert answer.text.count("\n") == 1


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_forged_signature_gets_403_and_one_sentence(app, post_as_twilio, method):
    for endpoint in endpoints(app):
        answer = post_as_twilio(endpoint, {"Body": "time"}, signature="Zm9yZ2VkIQ==", method=method)
        assert (answer.status_code, answer.text) == (403, "X-Twilio-Signature is not valid for this request.\n")


def test_reason_of_a_rejection_is_logged_but_not_returned(post_as_twilio, caplog, redis):
    with caplog.at_level(logging.WARNING):
        answer = post_as_twilio("/sms", {"Body": "time"}, url="http://talk.example/sms")
    assert "signed for http" in caplog.text
    assert "http" not in answer.text
    assert "signed for http" in rejected_requests.latest(redis)[0][2].explanation


def test_rejection_publishes_an_event(post_as_twilio, redis):
    post_as_twilio("/sms", {"Body": "time"}, signature="no")
    event = events.read_latest(redis, 1)[0]
    assert (event.type, event.data["address"]) == ("delivery.rejected", "/sms")


def test_stored_rejections_are_limited(post_as_twilio, redis):
    for _ in range(300):
        post_as_twilio("/sms", {"Body": "x" * 9000}, signature="no")
    assert redis.xlen(rejected_requests.REJECTED_STREAM) + redis.xlen(rejected_requests.FORGED_STREAM) <= 200
    assert all(len(delivery.body) <= 4096 for _, delivery, _ in rejected_requests.latest(redis))


def test_oversized_body_is_rejected_before_it_is_read(post_as_twilio):
    assert post_as_twilio("/sms", {"Body": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("header", ["\xe9\xe9", "=" * 5000, "a,b", ""])
def test_malformed_signature_is_rejected_without_a_traceback(post_as_twilio, caplog, header):
    assert post_as_twilio("/sms", {"Body": "time"}, signature=header).status_code == 403
    assert "Traceback" not in caplog.text


def test_other_content_type_is_rejected(post_as_twilio):
    assert post_as_twilio("/sms", {"Body": "time"}, content_type="text/plain").status_code == 403


def test_invalid_utf_8_is_rejected_without_a_traceback(post_as_twilio, caplog):
    assert post_as_twilio("/sms", {"Body": "time"}, body=b"Body=%ff\xff&x=%C3").status_code == 403
    assert "Traceback" not in caplog.text


def test_trailing_slash_is_not_redirected(post_as_twilio):
    answer = post_as_twilio("/sms/", {"MessageSid": TEXT_SID, "From": "+447700900201", "Body": "time"})
    assert answer.status_code == 200


def test_without_redis_the_status_is_503_and_fallbacks_work(settings, monkeypatch):
    import redis as redis_client

    from app import create_app
    from tests.support.person import WebhookPoster
    from tests.support.ports import reserved_port

    monkeypatch.setattr(fallbacks, "FALLBACK_SECONDS", 0)
    gone = redis_client.Redis(port=reserved_port(), socket_connect_timeout=1, retry=None)
    post = WebhookPoster(create_app(settings, gone), settings)
    answer = post("/sms", {"MessageSid": TEXT_SID, "Body": "time"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "We are having trouble" in post("/sms/fallback", {"MessageSid": TEXT_SID}).text
    assert "went wrong on our side" in post("/voice/fallback", {"CallSid": CALL_SID}).text


def test_fallback_requires_a_signature(post_as_twilio):
    assert post_as_twilio("/voice/fallback", {"CallSid": CALL_SID}, signature="no").status_code == 403
