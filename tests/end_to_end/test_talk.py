"""A whole talk with real processes: what the audience does, what the presenter presses, and what the stage shows."""

import json
import re
import subprocess
import sys

import pytest
import requests

from scripts.crowd.rehearsal import RehearsalPresenter
from tests.support.deployment import Deployment, Handset
from tests.support.processes import ROOT


class Stage:
    """What the audience sees in a browser on the projector."""

    def __init__(self, browser, deployment):
        from playwright.sync_api import expect

        self.expect, self.page = expect, browser.new_page(viewport={"width": 1920, "height": 1080})
        self.page.goto(deployment.web)

    def shows(self, words):
        self.expect(self.page.locator("#stage")).to_contain_text(words)

    def does_not_show(self, words):
        self.expect(self.page.locator("#stage")).not_to_contain_text(words)

    def counts(self, texts):
        """The text beside the bars."""
        self.expect(self.page.locator(".bars .count")).to_have_text(texts)

    def words(self):
        return self.page.locator("#stage").inner_text()


class Console:
    """The presenter's console in a browser, on a phone."""

    def __init__(self, browser, deployment):
        self.page = browser.new_page(viewport={"width": 390, "height": 844})
        self.page.goto(f"{deployment.web}/present/login")
        self.page.fill("input[name=password]", deployment.environ["PRESENTER_PASSWORD"])
        self.page.get_by_role("button", name="Log in").click()

    def presses(self, name):
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def decides(self, label, words):
        """Approve or hide the item with these words."""
        self.page.get_by_role("button", name=f"{label}: {words}").first.click()

    def goes_on(self):
        self.page.locator("#moves button.primary").click()


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("talk")
    talk = folder / "talk.toml"  # this project's, except that the caller on stage is transcribed
    talk.write_text((ROOT / "talk.toml").read_text().replace('kind = "line"\n', 'kind = "line"\ncaptions = true\n'))
    changes = {"SENDER_SEGMENTS_PER_SECOND": "1000", "WEB_CONCURRENCY": "1"}
    deployment = Deployment(folder, PRESENTER_PHONE="+447700900299", TALK=str(talk), **changes)
    try:
        yield deployment.start()
    finally:
        deployment.stop()


def people(town, first, count):
    return [Handset(town, f"+447700900{number:03}") for number in range(first, first + count)]


def all_text(handsets, words):
    for handset in handsets:
        handset.texts(words)


def test_a_whole_talk(town, browser):
    console, talk = Console(browser, town), RehearsalPresenter(town.web, town.environ["PRESENTER_PASSWORD"])
    stage, go = Stage(browser, town), talk.go_to_first

    # The number: somebody texts flip.
    go("number")
    stage.shows("WebHooks: the API strikes back")
    ada, ben = people(town, 201, 2)
    ada.texts("flip")
    ada.gets("I flipped a coin: ")

    # The poll: forty votes by text, key and speech, five of them changed. The result is hidden until it is revealed.
    console.page.reload()
    console.goes_on()
    stage.shows("Tabs or spaces?")
    by_text, by_key, by_speech = people(town, 301, 30), people(town, 331, 6), people(town, 337, 4)
    all_text(by_text[:20], "tabs")
    all_text(by_text[20:], "Spaces!")
    for caller in by_key:
        caller.dials().hears("Press 1 for tabs")
        caller.presses("3")
        caller.hears("You voted for both")
        caller.hangs_up()
    for caller in by_speech:
        caller.dials().hears("Press 1 for tabs")
        caller.says("spaces please")
        caller.hears("You voted for spaces")
        caller.hangs_up()
    all_text(by_text[:5], "spaces")
    stage.shows("40 voted")
    stage.counts([""] * 3)
    votes = {"votes": {"tabs": 15, "spaces": 19, "both": 6}, "people": 40}
    town.until(lambda: talk.state()["figures"] == votes, lambda: f"{votes}, not {talk.state()['figures']}")
    console.presses("Reveal")
    stage.counts(["15", "19", "6"])
    stage.shows("won")

    # Words: one is approved, and it appears.
    go("words")
    ada.texts("reliable")
    ben.texts("callbacks")
    console.decides("Approve", "reliable")
    stage.shows("reliable")
    stage.does_not_show("callbacks")

    # The wall: a rude text is hidden, another one approved.
    go("wall")
    ada.texts("What the hell is a webhook")
    ben.texts("Mine called at three in the morning")
    console.decides("Hide", "What the hell")
    console.decides("Approve", "Mine called")
    stage.shows("three in the morning")
    stage.does_not_show("hell")

    # Questions: two, and a vote for the second one.
    go("questions")
    ada.texts("Why not polling")
    console.decides("Approve", "Why not polling")
    stage.shows("Why not polling")
    ben.texts("What about retries")
    console.decides("Approve", "What about retries")
    stage.shows("What about retries")
    by_text[0].texts("2")
    by_text[0].gets("vote")
    town.until(
        lambda: re.search(r"What about retries.*Why not polling", stage.words(), re.DOTALL),
        "the question with a vote is the first",
    )

    # Slow work whose worker is killed: everybody gets the answer once.
    go("slow")
    askers = people(town, 401, 10)
    all_text(askers, "count")
    town.kill("worker")
    town.start("worker")
    for asker in askers:
        asker.gets("asked this number")
    town.until(lambda: not town.redis.exists("outbox:due", "outbox:waiting"), "no text is unsettled")
    for asker in askers:
        assert sum("asked this number" in body for body in asker.received()) == 1

    # Idempotence: the last text is delivered ten more times, and nothing happens.
    go("idempotence")
    ada.texts("flip")
    count = len(town.until(lambda: [body for body in ada.received() if "coin" in body][1:], "the second answer"))
    console.page.reload()
    console.presses("Send again, ten times")
    stage.shows("10 equal responses")
    stage.shows("1 effect")
    assert len([body for body in ada.received() if "coin" in body][1:]) == count

    # The line: a caller waits, and is brought on stage, where the presenter's phone is in the same conference.
    go("line")
    presenter = Handset(town, "+447700900299")
    town.post(presenter.door, {"when_called": "answers"})
    ben.dials().hears("Press 1 to talk")
    ben.presses("1")
    waiting = town.until(lambda: talk.state()["figures"].get("waiting"), "somebody waits")
    assert waiting
    talk.do("scene-action", action="bring-on")
    stage.shows("on stage")
    call = town.until(lambda: town.get(f"{presenter.door}/calls")["calls"][-1:], "the presenter's phone rings")[0]
    presenter.call = f"{presenter.door}/calls/{call['sid']}"
    town.until(lambda: (town.get(ben.call)["listening"] or {}).get("talk"), "the caller is in the conference")

    # What the caller says on stage is transcribed, and is a caption once it is approved, until the call ends.
    ben.says("<b>Why</b> do you retry? Call me on +44 7700 900 999.")
    console.decides("Approve", "<b>Why</b>")
    stage.shows("“<b>Why</b> do you retry? Call me on •••.”")
    talk.do("scene-action", action="end")
    stage.does_not_show("retry")
    stage.shows("Call, and press 1")

    # The raffle: entries, a draw, a receipt that verifies, and the winner's phone rings.
    go("raffle")
    console.page.reload()
    console.presses("Open")
    stage.shows("0 entered · open")
    all_text(by_text[:5], "me please")
    for entrant in by_text[:5]:
        entrant.gets("You are in the raffle as")
    talk.do("scene-action", action="draw")
    winner = town.until(lambda: talk.state()["figures"].get("winner"), "a winner")
    stage.shows(winner)
    receipt = requests.get(f"{town.web}/receipt/raffle.json", timeout=10).json()
    assert verify(receipt, town).returncode == 0
    talk.do("scene-action", action="call")
    code = talk.state()["figures"]["code"]
    entrants = {handset.number: handset for handset in by_text[:5]}
    winners = town.until(
        lambda: [one for one in entrants.values() if any(code in t for t in one.received())], "the code"
    )
    calls = town.until(lambda: town.get(f"{winners[0].door}/calls")["calls"][-1:], "the winner's phone rings")
    assert calls[0]["direction"] == "incoming"

    # Scores: by text and by key, ten needs two keys.
    go("score")
    all_text(by_text[:3], "9")
    ben.dials().hears("0 to 10")
    ben.presses("10")
    ben.hears("Thank you")
    ben.hangs_up()
    town.until(lambda: talk.state()["figures"]["people"] == 4, "four scores")
    assert talk.state()["figures"]["average"] == pytest.approx(9.25, abs=0.06)

    # Thanks, and the purge: no phone number is left.
    go("thanks")
    talk.do("scene-action", action="purge")
    assert numbers_in(town.redis) == []


def verify(receipt, town):
    path = town.folder / "receipt.json"
    path.write_text(json.dumps(receipt))
    command = [sys.executable, "-m", "scripts.flask", "raffle", "verify", str(path)]
    return subprocess.run(command, cwd=ROOT, env=town.environ, capture_output=True, text=True, check=False)


def numbers_in(redis):
    """The keys that still contain a number of the audience, in their names or contents."""
    found = []
    for key in redis.scan_iter(count=1000):
        content = key + (redis.dump(key) or b"")
        if re.search(rb"447700900(2|3|4)\d\d", content):
            found.append(key.decode())
    return found
