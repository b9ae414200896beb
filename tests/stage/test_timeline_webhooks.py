"""Webhooks on the timeline: those that we receive, and those that we send."""

import pytest

from events import EVENT_TYPES


def words(story):
    return [step.text for step in story.steps]


def test_provider_webhook_is_an_entry(happens):
    story = happens("webhook.received", "gh1", provider="github", event="push", summary="Somebody pushed.")
    assert (story.who, story.request, story.answer) == ("github", "push", "Somebody pushed.")
    assert story.channel == "webhook"


def test_duplicate_provider_webhook_is_a_finished_entry(happens):
    story = happens("delivery.duplicate", "gone", address="/webhooks/github?installation=1")
    assert (story.channel, story.who, story.state, story.duplicates) == ("webhook", "github", "success", 1)


@pytest.mark.parametrize("address", ["/sms", "", "/", None, "odd"])
def test_duplicate_of_a_dropped_entry_is_finished(happens, address):
    assert happens("delivery.duplicate", "gone", address=address).state == "success"


def test_outgoing_webhook_is_a_step_of_its_text(happens):
    happens("text.received", words="time")
    story = happens("text.answered", answer="It is 14:05.", ms=6)
    for host in ("hear.example", "there.example"):
        happens("webhook.delivered", "msg_2_0", host=host, attempt=1, status=204, ms=6.0)
    assert list(happens.timeline.entries) == ["SM1"]
    assert words(story) == ["received", "replied", "webhook sent"]
    assert (story.channel, story.state_label) == ("text", "answered")


def test_outgoing_webhook_of_a_dropped_entry_is_an_entry(happens):
    story = happens("webhook.delivered", "msg_9_0", host="hear.example", attempt=1, status=204, ms=6.0)
    assert (story.channel, story.who) == ("webhook", "an endpoint")


def test_outgoing_webhook_is_an_entry_from_failure_to_success(happens):
    host = {"endpoint": "ep_1", "host": "hear.example"}
    happens("webhook.failed", "msg_1", **host, attempt=1, status=500, ms=12.0)
    assert happens("webhook.failed", "msg_1", **host, attempt=2, cause="tls", status=None, ms=3).status == "waiting"
    story = happens("webhook.delivered", "msg_1", **host, attempt=3, status=204, ms=6.0)
    assert words(story) == ["webhook: status 500, will retry", "webhook: tls, will retry", "webhook sent"]
    assert (story.channel, story.status) == ("webhook", "success")


def test_hosts_of_webhook_endpoints_are_not_shown(happens):
    host = {"endpoint": "ep_1", "host": "hear.example"}
    for kind in ("webhook.failed", "webhook.dead", "webhook.delivered"):
        happens(kind, "msg_1", **host, attempt=1, status=500, ms=1.0)
    for kind in (type for type in EVENT_TYPES if type.startswith("endpoint.")):
        happens(kind, "ep_1", **host, reason="it said so", state="enabled")
    assert "hear.example" not in str(happens.timeline.entries)
