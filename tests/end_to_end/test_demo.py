"""`make demo`: ready, used in a real browser, processes killed, and stopped without leftovers."""

import os
import re
import signal
import urllib.request
from urllib.parse import urlsplit

import pytest
import redis as redis_client

from scripts.demo import read_env
from show import talk_file
from tests.support.demo_process import Demo
from tests.support.processes import has_ended, run_program
from tests.support.waiting import LIMIT_SECONDS, eventually

PASSWORD = "another password"  # than the demo's own


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("demo"), PRESENTER_PASSWORD=PASSWORD, WEB_CONCURRENCY="1")
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.stop()


@pytest.fixture(scope="module")
def ready(demo):
    return demo.says(r"^ready  phones (\S+)  stage (\S+)  presenter (\S+)$")


def test_its_files_are_private_and_its_store_has_a_password(demo, ready):
    paths = [demo.folder, *demo.folder.rglob("*")]
    assert {"environment", "store.conf", "store.log", "web.log", "supervisord.log"} <= {path.name for path in paths}
    public = [path for path in paths if path.stat().st_mode & 0o077]
    assert not public
    url = read_env(demo.folder / "environment")["REDIS_URL"]
    with redis_client.Redis.from_url(url) as client:
        assert client.ping()
    with redis_client.Redis(port=urlsplit(url).port) as stranger, pytest.raises(redis_client.AuthenticationError):
        stranger.ping()
    assert not [line for line in demo.processes().values() if urlsplit(url).password in line]


def test_its_store_never_postpones_a_write_to_its_file(demo, ready):
    with redis_client.Redis.from_url(read_env(demo.folder / "environment")["REDIS_URL"]) as client:
        settings = client.config_get("append*")
    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "no")  # everysec waits while the disk is busy


def test_environment_overrides_the_demo_settings(demo, ready):
    demo.says(f"the presenter's password is {PASSWORD}")
    assert read_env(demo.folder / "environment")["PRESENTER_PASSWORD"] == PASSWORD


@pytest.fixture
def pages(ready, browser):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    phones, stage = context.new_page(), context.new_page()
    phones.goto(ready[1])
    stage.goto(f"{ready[3]}/login")
    stage.get_by_label("Password").fill(PASSWORD)
    stage.get_by_role("button", name="Log in").click()
    stage.goto(f"{ready[2]}?scene={talk_file.load().positions['timeline']}")
    yield phones, stage
    context.close()


def test_text_is_answered_and_appears_on_the_stage(pages):
    phones, stage = pages
    field = phones.get_by_role("textbox", name="Text").first
    field.fill("time")
    field.press("Enter")
    phones.get_by_text("It is ").first.wait_for()
    stage.get_by_text("It is ").first.wait_for()


def test_slow_command_is_answered_by_text(pages):
    phones, stage = pages
    field = phones.get_by_role("textbox", name="Text").first
    field.fill("count")
    field.press("Enter")
    phones.get_by_text("asked this number").first.wait_for()
    stage.get_by_text("asked this number").first.wait_for()


def test_call_is_answered_and_appears_on_the_stage(pages):
    phones, stage = pages
    phones.get_by_role("button", name="Call").first.click()
    phones.get_by_text("Hello, this is Call and Response.").first.wait_for()
    phones.get_by_role("button", name=re.compile("^4")).first.click()
    phones.locator(".captions").get_by_text("asked this number").wait_for()
    stage.get_by_text("pressed 4").first.wait_for()
    phones.get_by_role("button", name="Hang up").first.click()
    stage.get_by_text(re.compile("over|hung up|ended")).first.wait_for()


def test_stage_shows_no_complete_phone_number(pages):
    _, stage = pages
    stage.locator(".lane .name").first.wait_for()
    assert not re.search(r"7700 ?90000\d", stage.content())


@pytest.mark.parametrize("part", ["-m workers", "gunicorn", "ringback serve", "valkey-server"])
def test_killed_process_is_restarted(demo, ready, part):
    victims = {pid for pid, command in demo.processes().items() if part in command}
    os.kill(min(victims), signal.SIGKILL)

    def is_back() -> bool:
        alive = {pid for pid, command in demo.processes().items() if part in command}
        return bool(alive - victims) and min(victims) not in alive and _answers(ready[2])

    eventually(is_back, f"{part} came back")


def test_nobody_is_refused_while_web_restarts(demo, ready):
    victims = {pid for pid, command in demo.processes().items() if "-m gunicorn" in command}
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not victims & demo.processes().keys())
    # The connection waits in the socket's queue until the new process accepts it.
    with urllib.request.urlopen(f"{ready[2]}health/live", timeout=LIMIT_SECONDS) as response:
        assert response.status == 200


def _answers(stage: str) -> bool:
    try:
        with urllib.request.urlopen(f"{stage}health/ready", timeout=LIMIT_SECONDS) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_second_demo_reports_that_the_port_is_taken(demo, ready):
    environ = os.environ | {"PORT": str(demo.web_port)}
    second = run_program("scripts.demo", environ)
    assert second.returncode == 1
    assert f"Port {demo.web_port} is in use" in second.stderr
    assert "Traceback" not in second.stderr


def test_second_demo_does_not_share_the_folder(demo, ready, tmp_path):
    second = Demo(tmp_path, DEMO_FOLDER=str(demo.folder))
    assert second.process.wait(LIMIT_SECONDS) == 1
    second.says(f"^Another demo is using {demo.folder}. Stop it, or .*DEMO_FOLDER=")


def test_ctrl_c_stops_all_processes(demo, ready):
    family = set(demo.processes())
    assert len(family) >= 6
    assert (demo.folder / "environment").exists()
    demo.stop()
    assert demo.process.returncode == 0
    assert not (demo.folder / "environment").exists()  # or tools would look for it where it was
    demo.says("^stopping …$")
    eventually(lambda: all(has_ended(pid) for pid in family), "no process is left")
