"""The presenter's pages for replay, backfill and rejected requests."""

import json
import re
import time
from contextlib import closing
from dataclasses import asdict, replace

import pytest
from playwright.sync_api import expect

from receiving import rejected_requests, stored_requests
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from receiving.replay import missing_webhooks_backfill, replay_and_backfill_jobs
from ringback.testing.wsgi_server import serving
from tests.support.presenter import FORM, Presenter
from tests.support.stage_app import PASSWORD, loses_its_store, make
from workers import job_progress
from workers.job_progress import Outcome
from workers.queues import WEBHOOKS, Queues

PAGES = ["/present/backfill", "/present/rejected"]
PARTS = ["/present/backfill/fragment", "/present/rejected/fragment"]
TEXT = Delivery("POST", "https://talk.example/sms", FORM, b"From=%2B447700900123&MessageSid=SM1&Body=flip")


@pytest.fixture
def app(url, stage_events):
    app = make(url, GITHUB_WEBHOOK_SECRET="of-github")
    app.extensions["queues"] = Queues(stage_events.redis)
    return app


@pytest.fixture
def presenter(app):
    presenter = Presenter(app)
    presenter.tries(PASSWORD)
    return presenter


def jobs(app):
    return app.extensions["queues"].by_name[WEBHOOKS].jobs


def keep(redis, delivery=TEXT):
    stored_requests.save(redis, delivery)
    return stored_requests.latest(redis, 1)[0][0]


@pytest.mark.parametrize("page", PAGES)
def test_pages_redirect_to_the_login(page, app):
    answer = Presenter(app).get(page)
    assert (answer.status_code, answer.location) == (303, "/present/login")


@pytest.mark.parametrize("part", PARTS)
def test_refreshed_parts_require_the_login(part, app):
    assert Presenter(app).get(part).status_code == 403


@pytest.mark.parametrize("path", ["/present/backfill", "/present/replay"])
def test_form_without_the_csrf_token_starts_nothing(path, app, presenter, stage_events):
    assert presenter.post(path, csrf_token="made-up", window="3600").status_code == 400
    assert Presenter(app).post(path, window="3600").status_code == 303
    assert not jobs(app)


@pytest.mark.parametrize("page", [*PAGES, "/present/health"])
@pytest.mark.parametrize(
    ("words", "shown", "hidden"),
    [
        (b"webhook+https://hear.example/h?key=s3cret", "https://hear.example/…", "s3cret"),
        (b"ring+my07700900876pls+or+tel.07700900877", "ring my", "07700900"),
    ],
)
def test_address_and_numbers_in_a_text_are_masked(page, words, shown, hidden, presenter, stage_events):
    text = replace(TEXT, body=b"From=%2B447700900123&MessageSid=SM1&Body=" + words)
    keep(stage_events.redis, text)
    rejected_requests.save(stage_events.redis, text, Mistake(UNKNOWN, "no common mistake explains it", "x"))
    html = presenter.get(page).text
    assert shown in html and hidden not in html


@pytest.mark.parametrize("path", PAGES + PARTS)
def test_empty_pages_have_a_hint(path, presenter):
    assert re.search("Nothing yet|No requests", presenter.get(path).text)


@pytest.mark.parametrize("path", PAGES)
def test_pages_work_without_redis(path, presenter, monkeypatch):
    loses_its_store(presenter.client.application, monkeypatch)
    assert "Redis is not responding" in presenter.get(path).text


class TestReplay:
    def test_selected_requests_become_a_job(self, app, presenter, stage_events):
        names = [keep(stage_events.redis), keep(stage_events.redis)]
        assert names[0] in presenter.get("/present/backfill").text
        answer = presenter.post("/present/replay", id=names, resign="no", force="yes")
        assert answer.location == "/present/backfill#runs"
        (job,) = jobs(app)
        run = job_progress.load(stage_events.redis, job.args[0])
        assert (job.func, run.options["ids"], run.options["resign"], run.options["force"]) == (
            replay_and_backfill_jobs.run_job,
            names,
            False,
            True,
        )
        assert "Replay: 2 selected, original signature, forced" in presenter.get("/present/backfill").text

    def test_time_range_and_source_become_a_job(self, app, presenter, stage_events):
        presenter.post("/present/replay", **{"window": "900", "from": "github"})
        run = job_progress.latest(stage_events.redis)[0]
        assert run.options["until"] - run.options["since"] == 900
        assert run.options["source"] == "github"
        assert "Replay: github, last 15 minutes, re-signed" in presenter.get("/present/backfill").text

    def test_unknown_time_range_is_replaced(self, presenter, stage_events):
        presenter.post("/present/replay", window="999999999")
        run = job_progress.latest(stage_events.redis)[0]
        assert run.options["until"] - run.options["since"] == 3600

    def test_empty_selection_is_explained(self, app, presenter):
        presenter.post("/present/replay")
        assert "Select at least one request" in presenter.get("/present/backfill").text
        assert not jobs(app)

    def test_one_replay_at_a_time(self, app, presenter, stage_events):
        for _ in range(2):
            presenter.post("/present/replay", id=[keep(stage_events.redis)])
        assert "Another run is in progress" in presenter.get("/present/backfill").text
        assert len(jobs(app)) == 1
        stage_events.redis.set(
            f"run:{job_progress.latest(stage_events.redis)[0].id}",
            silent(job_progress.latest(stage_events.redis)[0]),
            ex=3600,
        )
        presenter.post("/present/replay", id=[keep(stage_events.redis)])
        assert len(jobs(app)) == 2

    def test_requests_are_offered_by_source_without_numbers(self, presenter, stage_events):
        keep(stage_events.redis)
        body = b'{"ref":"refs/heads/main","pusher":{"name":"ada"},"repository":{"full_name":"talk/demo"}}'
        keep(
            stage_events.redis, Delivery("POST", "https://t.example/webhooks/github", {"x-github-event": "push"}, body)
        )
        keep(stage_events.redis, Delivery("POST", "https://t.example/webhooks/github", {}, b"x" * 70_000))
        page = presenter.get("/present/backfill?from=github").text
        assert "ada pushed to main in talk/demo" in page
        assert "too large to store" in page
        assert "POST /sms" not in page
        assert "+44 ••• 123 · flip" in presenter.get("/present/backfill").text
        assert "7700900123" not in presenter.get("/present/backfill").text


def silent(run):
    return json.dumps(asdict(replace(run, updated_at=time.time() - job_progress.STALLED_AFTER_SECONDS - 1)))


class TestRuns:
    def test_find_missing_and_backfill_are_jobs(self, app, presenter, stage_events):
        presenter.post("/present/backfill", window="3600", do="find_missing")
        stage_events.redis.delete(job_progress.RUNS_KEY)
        presenter.post("/present/backfill", window="3600", do="backfill")
        assert [job_progress.load(stage_events.redis, job.args[0]).kind for job in jobs(app)] == [
            job_progress.FIND_MISSING,
            job_progress.BACKFILL,
        ]

    def test_running_job_shows_its_progress(self, presenter, stage_events):
        log = job_progress.RunWriter(
            stage_events.redis,
            job_progress.plan(stage_events.redis, job_progress.BACKFILL, {"since": 0, "until": 3600}),
        )
        log.set_total(4)
        log.set_message("comparing with the inbox")
        log.add_outcome(Outcome("a text from +44 ••• 123", "success", 200, 0.012, "done", time.time()))
        part = presenter.get("/present/backfill/fragment").text
        assert '<progress aria-label="Progress" value="1" max="4">' in part
        assert "Comparing with the inbox" in part and "12 ms" in part and "running" in part
        log.finish("done", "1 done")
        assert "<progress" not in presenter.get("/present/backfill/fragment").text

    def test_run_of_a_dead_worker_is_not_shown_as_running(self, presenter, stage_events):
        run = job_progress.RunWriter(
            stage_events.redis,
            job_progress.plan(stage_events.redis, job_progress.FIND_MISSING, {"since": 0, "until": 3600}),
        ).run
        stage_events.redis.set(f"run:{run.id}", silent(run), ex=3600)
        assert "its worker may have died" in presenter.get("/present/backfill/fragment").text

    def test_outcomes_are_escaped_and_masked(self, presenter, stage_events):
        log = job_progress.RunWriter(
            stage_events.redis,
            job_progress.plan(stage_events.redis, job_progress.FIND_MISSING, {"since": 0, "until": 3600}),
        )
        log.add_outcome(Outcome("<script>+447700900123", "failed", 500, 0, "<b>x</b>+447700900123"))
        part = presenter.get("/present/backfill/fragment").text
        assert "&lt;script&gt;+44 ••• 123" in part
        assert "7700900123" not in part
        assert "<b>x</b>" not in part

    def test_github_is_offered_if_configured(self, presenter, url, stage_events):
        assert "GITHUB_HOOK_URL" in presenter.get("/present/backfill").text
        hook = {"GITHUB_HOOK_URL": "https://api.github.com/repos/talk/demo/hooks/1", "GITHUB_TOKEN": "t"}
        ready = make(url, GITHUB_WEBHOOK_SECRET="of-github", **hook)
        assert missing_webhooks_backfill.is_github_configured(ready.extensions["settings"])


class TestRejected:
    def turned_away(self, redis, mistake, target="/sms", **headers):
        rejected_requests.save(
            redis, replace(TEXT, url=f"https://talk.example{target}").with_headers(**headers), mistake
        )

    def test_rejected_request_shows_time_path_mistake_and_fix(self, presenter, stage_events):
        mistake = Mistake("port", "it was signed without the port", "Set PUBLIC_URL=https://talk.example.")
        self.turned_away(stage_events.redis, mistake, host="talk.example:8000")
        page = presenter.get("/present/rejected").text
        assert '<span class="name">port</span> <code>POST /sms</code>' in page
        assert "It was signed without the port." in page
        assert "Set PUBLIC_URL=https://talk.example." in page
        assert "talk.example:8000" in page and re.search(r'data-time="\d+', page)

    def test_rejected_requests_can_be_filtered_by_mistake(self, presenter, stage_events):
        self.turned_away(stage_events.redis, Mistake("port", "the port", "x"))
        self.turned_away(stage_events.redis, Mistake("slash", "the slash", "x"))
        page = presenter.get("/present/rejected?mistake=slash").text
        assert "The slash." in page and "The port." not in page
        assert 'data-fragment-url="/present/rejected/fragment?mistake=slash"' in page
        assert "No rejected requests with this mistake" in presenter.get("/present/rejected?mistake=%3Cscript%3E").text

    def test_signature_in_a_field_is_not_shown(self, presenter, stage_events):
        form = replace(TEXT, body=b"bt_signature=public%7C0a1b2c3d&bt_payload=bm90")
        rejected_requests.save(stage_events.redis, form, Mistake(UNKNOWN, "no common mistake explains it", "x"))
        page = presenter.get("/present/rejected").text
        assert "bm90" in page and "0a1b2c3d" not in page

    def test_equal_rejections_share_a_row(self, presenter, stage_events):
        for _ in range(7):
            self.turned_away(stage_events.redis, Mistake(UNKNOWN, "no common mistake explains it", "x"))
        page = presenter.get("/present/rejected").text
        assert page.count('class="rejected-request"') == 1 and "7 times" in page

    def test_numbers_signatures_and_secret_paths_are_not_shown(self, presenter, stage_events):
        headers = {"x_twilio_signature": "genuine", "user_agent": "<i>curl</i>"}
        self.turned_away(
            stage_events.redis, Mistake("port", "+447700900123", "x"), "/webhooks/plain/a-secret", **headers
        )
        page = presenter.get("/present/rejected").text
        assert "7700900123" not in page and "genuine" not in page and "a-secret" not in page
        assert "<i>curl" not in page


def test_request_is_selected_and_replayed_by_keyboard(browser, app, stage_events, presenter):
    """In a real browser: Only Tab and Space, no mouse; the content security policy blocks nothing."""
    keep(stage_events.redis)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    complaints = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    with serving(app) as origin, closing(page):
        page.goto(f"{origin}/present/login")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Password").press("Enter")
        page.wait_for_url("**/present")
        page.goto(f"{origin}/present/backfill")
        page.locator("input[name=id]").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Replay selected").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/present/backfill#runs")
        expect(page.locator("#runs")).to_contain_text("waiting for a worker", use_inner_text=True)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert not complaints


def test_time_of_a_request_stays_on_one_line_on_a_small_phone(browser, app, stage_events, presenter):
    keep(stage_events.redis, replace(TEXT, url="https://talk.example/webhooks/mailchimp"))
    page = browser.new_page(viewport={"width": 320, "height": 640})
    with serving(app) as origin, closing(page):
        page.goto(f"{origin}/present/login")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Password").press("Enter")
        page.wait_for_url("**/present")
        page.goto(f"{origin}/present/backfill")
        time = page.locator(".deliveries time")
        expect(time).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
        assert time.evaluate("(each) => each.getClientRects().length") == 1
        assert time.evaluate("(each) => each.offsetHeight < 2 * parseFloat(getComputedStyle(each).fontSize)")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
