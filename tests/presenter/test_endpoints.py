"""The presenter manages webhook endpoints on pages."""

import json
import re
import time

import pytest

from presenter.endpoints.endpoint_actions import ACTIONS
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.endpoint_options import OPTIONS
from sending.webhooks.webhook_request import DeliveryAttempt
from tests.support.presenter import Presenter
from tests.support.stage_app import PASSWORD
from tests.support.webhook_sender import store_message
from workers import job_progress, redelivery_job

URL = "https://hear.example/hook"
WANTED = {
    "url": URL,
    "event_types": "text.*\ncall.ended",
    "payload_style": "thin",
    "rate_limit": "5",
    "max_concurrency": "2",
}


@pytest.fixture
def presenter(app):
    presenter = Presenter(app)
    presenter.tries(PASSWORD)
    return presenter


@pytest.fixture
def id(presenter):
    return presenter.post("/present/endpoints", **WANTED).location.rsplit("/", 1)[1]


@pytest.fixture
def does(presenter, id):
    """Press a button; return the next page."""

    def press(verb, **fields):
        presenter.post(f"/present/endpoints/{id}/{verb}", **fields)
        return presenter.get(f"/present/endpoints/{id}").text

    return press


def tried(redis, id, **how):
    message = store_message(redis)
    at = time.time()
    row = DeliveryAttempt(message, "text.received", 1, at, URL, False, {"webhook-id": message}, **how)
    redis.xadd(f"endpoint:{id}:attempts", {"a": json.dumps(vars(row))})
    return message


@pytest.mark.parametrize("path", ["/present/endpoints", "/present/endpoints/ep_1"])
def test_login_is_required(app, id, stage_events, path):
    stranger = Presenter(app)
    for verb in ACTIONS:
        assert stranger.post(f"/present/endpoints/{id}/{verb}", hours="1").location == "/present/login"
    assert stranger.get(path).location == "/present/login"
    assert stranger.post(path, **WANTED).location == "/present/login"
    assert stranger.get(f"{path}/recoveries/rec_1").status_code in (403, 404, 405)
    (one,) = stored_endpoints.load_all(stage_events.redis)
    assert (one.id, one.state, len(one.keys)) == (id, "enabled", 1)


@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/delete", "/{id}/rotate"])
def test_form_without_the_csrf_token_is_refused(presenter, id, stage_events, path):
    assert presenter.post("/present/endpoints" + path.format(id=id), csrf_token="made-up", **WANTED).status_code == 400
    assert [one.id for one in stored_endpoints.load_all(stage_events.redis)] == [id]


def test_new_endpoint_has_its_options_and_its_secret_is_shown_once(presenter, stage_events, id):
    one = stored_endpoints.load(stage_events.redis, id)
    assert (one.url, one.event_types, one.payload_style, one.rate_limit, one.max_concurrency) == (
        URL,
        ("text.*", "call.ended"),
        "thin",
        5,
        2,
    )
    secret = re.compile(r'<code id="secret">(whsec_[^<]+)<')
    page = presenter.get(f"/present/endpoints/{id}")
    assert secret.search(page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert stage_events.redis.keys("one_time_secret:*") == []
    assert not secret.search(presenter.get(f"/present/endpoints/{id}").text)
    assert "whsec_" not in str(presenter.client.get_cookie("session"))


def test_endpoints_are_listed(presenter, id):
    page = presenter.get("/present/endpoints").text
    assert f"/present/endpoints/{id}" in page
    assert "text.*, call.ended" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "http://hear.example/"}, "https"),
        ({"url": ""}, "url"),
        ({"event_types": "text received *."}, "event_types"),
        ({"event_types": "banana.*"}, "Known event types: text.received"),
        ({"rate_limit": "many"}, "whole number"),
        ({"headers": "no colon"}, "one header per line"),
        ({"headers": "Host: x"}, "cannot be set"),
        ({"payload_style": "fat"}, "payload"),
    ],
)
def test_invalid_option_is_explained_and_the_form_keeps_the_rest(presenter, stage_events, wrong, said):
    answer = presenter.post("/present/endpoints", **WANTED | wrong)
    assert answer.status_code == 422
    assert said in re.search(r'role="alert">([^<]+)<', answer.text)[1]
    assert "call.ended" in answer.text or "event_types" in wrong
    assert list(stored_endpoints.load_all(stage_events.redis)) == []


def test_options_are_changed_and_credentials_stay_until_deleted(presenter, id, stage_events):
    path = f"/present/endpoints/{id}"
    presenter.post(path, **WANTED | {"authorization": "Bearer s3cret", "headers": "X-Team: blue"})
    presenter.post(path, **WANTED | {"event_types": "", "fallback_url": "https://spare.example/"})
    one = stored_endpoints.load(stage_events.redis, id)
    assert (one.event_types, one.fallback_url, [name for name, _ in one.headers]) == (
        (),
        "https://spare.example/",
        ["X-Team"],
    )
    assert one.authorization
    assert "s3cret" not in presenter.get(path).text
    presenter.post(path, **WANTED | {"clear_authorization": "yes", "clear_headers": "yes"})
    one = stored_endpoints.load(stage_events.redis, id)
    assert (one.authorization, one.headers) == ("", ())


def test_form_has_a_field_for_every_option(presenter, id):
    page = presenter.get(f"/present/endpoints/{id}").text
    for name in OPTIONS:
        assert f'name="{name}"' in page


def test_rotation_shows_the_new_key_and_keeps_the_old_for_the_overlap(does, id, stage_events):
    began = int(time.time())
    assert "whpk_" in does("rotate", private="yes", hours="2")
    newest, old = stored_endpoints.load(stage_events.redis, id).keys
    assert newest.scheme == "v1a"
    assert began + 7_200 <= old.expires_at <= time.time() + 7_200


def test_huge_number_of_hours_is_refused(does, id):
    assert "0 to 168 hours" in does("rotate", hours="9" * 5_000)


def test_endpoint_is_paused_resumed_and_deleted(does, id, stage_events):
    assert "paused: Paused by its owner." in does("pause")
    assert "The endpoint has been enabled." in does("resume")
    does("delete")
    assert list(stored_endpoints.load_all(stage_events.redis)) == []


def test_attempts_show_cause_timing_and_response(does, presenter, id, stage_events):
    tried(
        stage_events.redis,
        id,
        status=500,
        cause="status",
        response_body="<b>oops</b>",
        connect_ms=1.4,
        first_byte_ms=7.0,
        duration_ms=9.0,
    )
    tried(stage_events.redis, id, cause="tls", detail="Its certificate is for another name.")
    page = presenter.get(f"/present/endpoints/{id}").text
    for words in ("500", "7 ms", "9 ms", "&lt;b&gt;oops&lt;/b&gt;", "tls", "Its certificate is for another name."):
        assert words in page


def test_attempts_show_the_request_body_that_the_endpoint_receives(does, presenter, id, stage_events):
    message = tried(stage_events.redis, id, status=500, cause="status")
    page = presenter.get(f"/present/endpoints/{id}").text
    assert re.search(r"<h4>Request body</h4><pre[^>]*>{&#34;type&#34;:", page)
    stage_events.redis.delete(f"message:{message}")
    assert "It is no longer stored." in presenter.get(f"/present/endpoints/{id}").text


def test_message_is_sent_again_and_an_example_is_sent(does, id, stage_events):
    message = tried(stage_events.redis, id, status=500, cause="status")
    assert "The message will be sent again." in does("resend", message=message)
    assert "An example of github.star will be sent." in does("example", event_type="github.star")
    assert stage_events.redis.zcard(f"endpoint:{id}:due") == 2
    assert "no longer stored" in does("resend", message="msg_gone")
    for unknown in ("<b>", "banana.split", ""):
        assert "Known event types: text.received" in does("example", event_type=unknown)


def test_dead_letters_are_recovered_with_progress(presenter, id, stage_events):
    message = store_message(stage_events.redis, "call.ended", dead_at=time.time() - 60, endpoint=id)
    assert f'value="{message}"' in presenter.get(f"/present/endpoints/{id}").text
    begun = presenter.post(f"/present/endpoints/{id}/recover", hours="24").location.partition("#")[0]
    assert 'data-state="waiting"' in presenter.get(begun).text
    name = begun.rpartition("=")[2]
    redelivery_job.execute(stage_events.redis, job_progress.load(stage_events.redis, name))
    assert "1 of 1 will be sent again." in presenter.get(begun).text
    assert presenter.get(f"/present/endpoints/{id}/recoveries/{name}").json["state"] == "done"


def test_disabled_endpoint_refuses_recovery_with_advice(does, id, stage_events):
    stored_endpoints.disable(stage_events.redis, id, "The endpoint returned 410 Gone, so we disabled it.")
    assert "Resume it first" in does("recover", hours="24")


def test_deleted_endpoint_is_reported(presenter, id):
    for path in ("/present/endpoints/ep_gone", "/present/endpoints/ep_gone/pause"):
        answer = presenter.post(path, **WANTED)
        page = answer.text if answer.status_code == 404 else presenter.get(answer.location).text
        assert "There is no such endpoint." in page


def test_control_characters_of_a_receiver_are_shown(does, redis, id, presenter):
    hostile = "a\x1b[31m\x00b\u202ec\u2066d\x9b\r\ne\tf\u200d"
    tried(
        redis,
        id,
        status=500,
        detail=hostile,
        response_body=hostile,
        response_headers={"x-hostile\x1b": hostile},
        ip_address="192.0.2.1\x00",
    )
    page = presenter.get(f"/present/endpoints/{id}").text
    assert page.count("a\\x1b[31m\\x00b\\u202ec\\u2066d\\x9b\ne\tf\u200d") == 3
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_form_starts_with_two_fields_and_folds_the_rest(presenter):
    page = presenter.get("/present/endpoints").text
    assert page.index('name="url"') < page.index('name="event_types"') < page.index("More options")
    assert page.index("More options") < page.index('name="rate_limit"')


def test_picked_families_and_written_types_are_combined(presenter, stage_events):
    presenter.post("/present/endpoints", **WANTED | {"event_types": ["text.*", "call.ended", "github.push"]})
    (one,) = stored_endpoints.load_all(stage_events.redis)
    assert one.event_types == ("text.*", "call.ended", "github.push")


def test_every_wrong_field_is_marked(presenter):
    wrong = {"rate_limit": "many", "headers": "no colon", "url": "no address", "event_types": "banana.*"}
    page = presenter.post("/present/endpoints", **WANTED | wrong).text
    assert page.count('aria-invalid="true"') == 4
    assert page.count(" autofocus") == 1
    assert "whole number" in page
    assert "one header per line" in page


def test_attempts_have_a_filter_and_pages(presenter, id, stage_events):
    for number in range(30):
        tried(stage_events.redis, id, status=200 if number % 2 else 500, cause="status")
    page = presenter.get(f"/present/endpoints/{id}").text
    assert "Page 1 of 2" in page
    assert page.count("Send text.received again") == 25
    page = presenter.get(f"/present/endpoints/{id}?result=failed").text
    assert page.count("Send text.received again") == 15
    assert presenter.get(f"/present/endpoints/{id}?page=99999&result=x").status_code == 200
