"""Simulates an audience for the running demo, and checks that everyone gets exactly the right answers.

The last line is JSON. The exit status is 0 only if every answer is right and the votes add up.
"""

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from typing import Any

import requests

from scripts.crowd import plan
from scripts.crowd.plan import Act
from scripts.crowd.rehearsal import Rehearsal, RehearsalPresenter, reply_times_ms
from scripts.crowd.verdict import Verdict
from scripts.demo import read_running_environment

MAX_PEOPLE = 5_000
BAR_WIDTH = 30


def main() -> int:
    """Run a rehearsal with PEOPLE, SECONDS and SEED. Return the exit status."""
    environ = read_running_environment()
    if environ.get("EXCHANGE_AUTH_TOKEN"):
        sys.exit("make live is running. The rehearsal needs the demo: it resets the poll, and the crowd's votes count.")
    people, seconds, seed = (_number(environ, *row) for row in (("PEOPLE", 500), ("SECONDS", 60), ("SEED", 1)))
    if not 0 < people <= MAX_PEOPLE or not 0 < seconds <= 3600:
        sys.exit(f"PEOPLE must be 1 to {MAX_PEOPLE}, and SECONDS 1 to 3600.")
    app = f"http://127.0.0.1:{environ.get('PORT') or '8000'}"
    port = environ.get("EXCHANGE_PORT")
    exchange = f"http://127.0.0.1:{port}" if port else environ.get("TWILIO_API_URL") or "http://127.0.0.1:8001"
    try:
        presenter = RehearsalPresenter(app, environ["PRESENTER_PASSWORD"])
        presenter.go_to_first("poll")
        poll = presenter.do("reset")
        before = {handset["number"] for handset in requests.get(f"{exchange}/handsets", timeout=10).json()["handsets"]}
    except (requests.RequestException, LookupError) as error:
        sys.exit(f"The rehearsal needs the demo (make demo, in another window): {error}")
    options = list(poll["figures"]["votes"])
    acts = plan.make_plan(people, seconds, seed, options, poll["votes"])
    forget_handsets(exchange, before & {act.number for act in acts})
    progress = ProgressBar(len(acts))
    rehearsal = Rehearsal(exchange, acts, progress.show)
    return asyncio.run(perform(rehearsal, presenter, people, options, progress))


async def perform(
    rehearsal: Rehearsal, presenter: RehearsalPresenter, people: int, options: list[str], progress: "ProgressBar"
) -> int:
    """Perform the acts, check the results, and print them. Return the exit status."""
    await rehearsal.run()
    acts = rehearsal.acts
    wanted: Counter[str] = Counter()
    for act in acts:
        wanted[act.number] += len(act.texts)
    texts = await rehearsal.collect(
        lambda found: all(len(received(found[number])) >= count for number, count in wanted.items())
    )
    heard = await rehearsal.calls_heard()
    await rehearsal.undo_opt_outs()
    progress.end()
    verdict = check(acts, texts, heard)
    poll = presenter.state()
    votes, right_votes = poll["figures"]["votes"], plan.expected_votes(acts, options, poll["votes"])
    for line in (*rehearsal.errors[:10], *verdict.examples):
        print(line)
    print(f"what they did: {dict(Counter(act.kind for act in acts))}")
    print(f"votes: {votes}" + ("" if votes == right_votes else f", but it should be {right_votes}"))
    times = reply_times_ms(texts)
    counts = {name: getattr(verdict, name) for name in ("expected", "right", "twice", "wrong", "lost")}
    p95 = round(statistics.quantiles(times, n=20)[-1]) if len(times) > 1 else 0
    print(json.dumps({"people": people, **counts, "votes_right": votes == right_votes, "p95_ms": p95}))
    return 0 if verdict.is_perfect and votes == right_votes and not rehearsal.errors else 1


def check(acts: list[Act] | Any, texts: dict[str, list[Any]], heard: list[tuple[Act, list[str]]]) -> Verdict:
    """Return the verdict over all people."""
    verdict = Verdict()
    for number, rows in texts.items():
        expected = [pattern for act in acts if act.number == number for pattern in act.texts]
        verdict.compare(number, expected, [row["body"] for row in received(rows)])
    for act, sentences in heard:
        verdict.compare_heard(act.number, act.spoken, sentences)
    return verdict


def received(rows: list[Any]) -> list[Any]:
    """Return the texts that the person has received. Twilio's own replies to STOP are left out."""
    return [row for row in rows if row["direction"] == "received" and "unsubscribed" not in row["body"]]


def forget_handsets(exchange: str, numbers: set[str]) -> None:
    """Delete what these numbers' handsets still have from an earlier rehearsal."""
    with requests.Session() as http:
        for number in numbers:
            http.delete(f"{exchange}/handsets/%2B{number[1:]}", timeout=10)


class ProgressBar:
    """A progress bar on standard error, redrawn at most four times a second."""

    def __init__(self, total: int) -> None:
        self.total, self.drawn_at = total, 0.0

    def show(self, done: int, phase: str) -> None:
        """Draw the bar."""
        if time.monotonic() - self.drawn_at > 0.25 and sys.stderr.isatty():
            self.drawn_at = time.monotonic()
            bar = ("#" * (BAR_WIDTH * done // self.total)).ljust(BAR_WIDTH, ".")
            print(f"\r[{bar}] {done}/{self.total} {phase:<50}", end="", file=sys.stderr)

    def end(self) -> None:
        """End the bar's line."""
        if sys.stderr.isatty():
            print(file=sys.stderr)


def _number(environ: dict[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal():
        sys.exit(f"{name} must be a whole number, not {text!r}.")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
