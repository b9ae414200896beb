"""README's examples work exactly as they are printed there."""

import json
import re
import subprocess
import sys
import urllib.request

import pytest

from tests.support.demo_process import Demo
from tests.support.interrupted_demo import copy_checkout
from tests.support.processes import ROOT
from tests.support.waiting import LIMIT_SECONDS, eventually

README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"<!-- example: (\S+) -->\n```python\n(.*?)```\n", README, re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of this checkout with the examples' files."""
    checkout = copy_checkout(tmp_path_factory.mktemp("readme") / "checkout")
    for path, code in EXAMPLES:
        before = (checkout / path).read_text() + "\n\n" if (checkout / path).exists() else ""
        (checkout / path).write_text(before + code)
    return checkout


@pytest.fixture(scope="module")
def exchange(checkout, tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("demo"), checkout, WEB_CONCURRENCY="1")
    try:
        yield demo.says(r"^ready  phones (\S+)/ ")[1]
    finally:
        demo.stop()


def text(exchange, body):
    request = urllib.request.Request(
        f"{exchange}/handsets/+447700900201/texts",
        json.dumps({"body": body}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=LIMIT_SECONDS).close()


def received(exchange, words):
    with urllib.request.urlopen(f"{exchange}/handsets/+447700900201/texts", timeout=LIMIT_SECONDS) as response:
        texts = json.load(response)["texts"]
    return any(words in one["body"] for one in texts if one["direction"] == "received")


def test_readme_has_the_examples():
    assert [path for path, _ in EXAMPLES] == ["phone/commands/die.py", "workers/tasks.py", "phone/commands/primes.py"]


def test_example_of_a_command_answers_texts(exchange):
    text(exchange, "roll")
    eventually(lambda: received(exchange, "You rolled a "), "the answer")


def test_example_of_a_slow_task_answers_texts(exchange):
    text(exchange, "primes")
    eventually(lambda: received(exchange, "There are 2,262 primes below 20,000."), "the answer")


def test_generated_tables_list_the_examples(checkout):
    subprocess.run([sys.executable, "-m", "scripts.docs"], cwd=checkout, check=True, timeout=LIMIT_SECONDS)
    assert "| `roll` | | a number from one to six |" in (checkout / "README.md").read_text()
