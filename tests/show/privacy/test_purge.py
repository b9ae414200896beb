"""A purge: nothing that holds a number or words remains."""

import subprocess
import sys
import time
from dataclasses import replace

import pytest
from twilio.base.exceptions import TwilioRestException

from receiving.replay import missing_webhooks_backfill
from sending import followers, opt_outs, outbox
from sending.outbox import OutboundMessage
from show import contributions, show_state
from show.privacy import purge, purge_receipts, scene_erasure
from store import erasure
from store.erasure import ERASERS, Erasure
from tests.show.privacy.records import WORD, keys_with, take_part
from tests.support.environment import SECRETS
from tests.support.person import ME
from tests.support.processes import ROOT


def test_nothing_with_a_number_or_words_survives_a_purge(person, redis, go, talk):
    go("tabs")
    take_part(person, redis, ME)
    digits = ME.lstrip("+")
    assert len(keys_with(redis, digits)) > 5
    assert keys_with(redis, WORD)
    purge.purge_everything(redis, talk, "a presenter")
    assert keys_with(redis, digits) == []
    assert keys_with(redis, WORD) == []
    assert not redis.exists("show:names", "show:votes:tabs")


def test_purge_that_takes_minutes_erases_everything(person, redis, go, talk, monkeypatch):
    go("tabs")
    take_part(person, redis, ME)
    erase_requests, later = ERASERS["requests"], time.time() + 120

    def erase_slowly(store, erasure):
        monkeypatch.setattr(time, "time", lambda: later)
        return erase_requests(store, erasure)

    monkeypatch.setitem(ERASERS, "requests", erase_slowly)
    purge.purge_everything(redis, talk, "a presenter")
    assert keys_with(redis, ME.lstrip("+")) == keys_with(redis, WORD) == []


def test_purge_does_not_search_the_store_again_for_each_follower(redis, talk):
    for number in range(100):
        followers.follow(redis, f"+4477009004{number:02d}", "github")
    redis.config_resetstat()
    purge.purge_everything(redis, talk, "a presenter")
    assert redis.info("commandstats")["cmdstat_scan"]["calls"] < 50
    assert not redis.exists("followers:github")


@pytest.mark.parametrize("wanted", ["everything", "one person"])
def test_words_for_a_scene_that_the_talk_no_longer_has_are_erased(person, redis, go, talk, settings, wanted):
    wall = go("wall")
    person.texts(f"{WORD} is my word")
    assert "show:items:wall" in keys_with(redis, WORD)
    edited = replace(talk, scenes=tuple(scene for scene in talk.scenes if scene != wall))
    if wanted == "everything":
        purge.purge_everything(redis, edited, "a presenter")
    else:
        me = contributions.person_with(ME, settings)
        scene_erasure.erase_person_in_scenes(redis, edited, Erasure(time.time(), ME, me))
    assert not redis.exists("show:items:wall", "show:item-counts:wall", "show:pending:wall")


def test_talk_goes_on_after_a_purge(person, redis, go, talk):
    go("tabs")
    purge.purge_everything(redis, talk, "a presenter")
    assert show_state.load(redis).scene_id == "tabs"
    assert "You voted for tabs" in person.texts("tabs")


def test_receipt_counts_what_was_erased(person, redis, talk):
    take_part(person, redis, ME)
    receipt = purge.purge_everything(redis, talk, "a presenter")
    assert purge_receipts.load_receipts(redis) == [receipt]
    assert receipt.erased["requests"] >= 4
    assert receipt.erased["texts and calls that we send"] == 1
    assert receipt.erased["subscriptions"] == 1
    assert set(receipt.erased) == {*ERASERS, "the show"}


def test_opt_out_survives_as_a_hash(person, redis, talk):
    person.texts("STOP")
    purge.purge_everything(redis, talk, "a presenter")
    assert opt_outs.has_opted_out(redis, ME, SECRETS)
    assert keys_with(redis, ME.lstrip("+")) == []


def test_opt_out_counts_under_every_current_secret_key(redis):
    opt_outs.opt_out(redis, ME, ["old"])
    assert opt_outs.has_opted_out(redis, ME, ["new", "old"])
    opt_outs.opt_in(redis, ME, ["new", "old"])
    assert not opt_outs.has_opted_out(redis, ME, ["new", "old"])


def test_backfill_never_crosses_a_purge(redis, talk):
    purge.purge_everything(redis, talk, "a presenter")
    asked = []
    missing_webhooks_backfill.find_missing(
        redis, {"text": lambda *window: asked.append(window) or iter(())}, 0, time.time(), print
    )
    assert asked[0][0] >= erasure.read_purged_at(redis) > time.time() - 60


def test_worker_knows_every_eraser():
    """A fresh interpreter registers as many erasers as the code has."""
    program = "import show.privacy.purge; from store.erasure import ERASERS; print(len(ERASERS))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    sources = (path for folder in ("receiving", "sending", "workers", "show") for path in (ROOT / folder).rglob("*.py"))
    declared = sum(path.read_text().count("\n@erases(") for path in [ROOT / "events.py", *sources])
    assert int(found.stdout) == declared


def test_number_in_twilios_reason_for_a_refusal_is_masked(redis, gateway):
    outbox.plan(redis, OutboundMessage("answer:1", ME, "Seven.", ""))
    outbox.start_sending(redis, outbox.load(redis, "answer:1"))
    refusal = TwilioRestException(400, "/Messages.json", f"The number {ME} is unverified", 21608)
    assert gateway._handle_error(outbox.load(redis, "answer:1"), refusal) == "failed"
    assert "unverified (21608)" in outbox.load(redis, "answer:1").reason
    assert keys_with(redis, ME.lstrip("+")) == []
