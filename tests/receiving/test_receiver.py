"""The door: nobody gets in unsigned."""

import logging

import pytest

import events
from receiving import inbox

FREE = {"/present", "/present/login", "/present/logout", "/present/stop", "/present/release", "/static/<path:filename>"}


def addresses(app):
    """Every address of Twilio's: the others ask for another proof, and have their own tests."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods]
    return sorted(
        {rule.rule for rule in rules if not rule.rule.startswith(("/present", "/webhooks", "/api", "/unfollow"))}
    )


def test_the_webhooks_are_where_everybody_expects_them(app):
    expected = {"/voice", "/voice/status", "/voice/fallback", "/sms", "/sms/status", "/sms/fallback"}
    assert expected <= set(addresses(app))


def test_nobody_gets_in_unsigned_at_any_address(app):
    client = app.test_client()
    for address in addresses(app):
        answer = client.post(address, data={"From": "+447700900201"}, environ_overrides={"RAW_URI": address})
        assert (address, answer.status_code) == (address, 403)
        assert answer.text.count("\n") == 1


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_forged_signature_gets_403_and_one_sentence(app, twilio_posts, method):
    for address in addresses(app):
        answer = twilio_posts(address, {"Body": "time"}, signature="Zm9yZ2VkIQ==", method=method)
        assert (answer.status_code, answer.text) == (403, "X-Twilio-Signature is not valid for this request.\n")


def test_a_refusal_tells_the_log_and_not_the_stranger(twilio_posts, caplog, redis):
    with caplog.at_level(logging.WARNING):
        answer = twilio_posts("/sms", {"Body": "time"}, url="http://talk.example/sms")
    assert "signed for http" in caplog.text
    assert "http" not in answer.text
    assert "signed for http" in inbox.latest_rejected(redis)[0][2].explanation


def test_a_refusal_is_seen_on_the_stage(twilio_posts, redis):
    twilio_posts("/sms", {"Body": "time"}, signature="no")
    event = events.read_latest(redis, 1)[0]
    assert (event.type, event.data["address"]) == ("delivery.rejected", "/sms")


def test_strangers_cannot_fill_the_store(twilio_posts, redis):
    for _ in range(300):
        twilio_posts("/sms", {"Body": "x" * 9000}, signature="no")
    assert redis.xlen(inbox.REJECTED_STREAM) + redis.xlen(inbox.FORGED_STREAM) <= 200
    assert all(len(delivery.body) <= 4096 for _, delivery, _ in inbox.latest_rejected(redis))


def test_a_body_too_large_is_refused_before_it_is_read(twilio_posts):
    assert twilio_posts("/sms", {"Body": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("header", ["\xe9\xe9", "=" * 5000, "a,b", ""])
def test_a_nonsense_signature_is_refused_without_a_trace(twilio_posts, caplog, header):
    assert twilio_posts("/sms", {"Body": "time"}, signature=header).status_code == 403
    assert "Traceback" not in caplog.text


def test_a_form_of_a_thousand_fields_is_refused(twilio_posts):
    fields = [(f"f{number}", "") for number in range(1000)]
    assert twilio_posts("/sms", fields).status_code == 403


def test_another_content_type_is_refused(twilio_posts):
    assert twilio_posts("/sms", {"Body": "time"}, content_type="text/plain").status_code == 403


def test_bytes_that_are_no_utf_8_are_refused_without_a_trace(twilio_posts, caplog):
    assert twilio_posts("/sms", {"Body": "time"}, body=b"Body=%ff\xff&x=%C3").status_code == 403
    assert "Traceback" not in caplog.text


def test_a_trailing_slash_does_not_redirect_a_webhook(twilio_posts):
    answer = twilio_posts("/sms/", {"MessageSid": "SM1", "From": "+447700900201", "Body": "time"})
    assert answer.status_code == 200


def test_without_a_store_the_answer_is_503_so_that_twilio_turns_to_the_fallback(settings):
    import redis as redis_client

    from app import create_app
    from tests.support.person import WebhookPoster
    from tests.support.ports import reserved_port

    gone = redis_client.Redis(port=reserved_port(), socket_connect_timeout=1, retry=None)
    post = WebhookPoster(create_app(settings, gone), settings)
    answer = post("/sms", {"MessageSid": "SM1", "Body": "time"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "We are having trouble" in post("/sms/fallback", {"MessageSid": "SM1"}).text
    assert "went wrong on our side" in post("/voice/fallback", {"CallSid": "CA1"}).text


def test_the_fallbacks_want_a_signature_too(twilio_posts):
    assert twilio_posts("/voice/fallback", {"CallSid": "CA1"}, signature="no").status_code == 403


def test_a_number_in_a_log_line_is_masked():
    from masking import mask_all

    assert mask_all("GET /sms?From=%2B447700900201 from +12025550142") == "GET /sms?From=+44 ••• 201 from +12 ••• 142"
