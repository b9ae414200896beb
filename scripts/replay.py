"""Sends stored requests through a running app's own door once more: python -m scripts.replay --since 1h --from github.

The settings are the environment's and, for what it does not have, those of .env.demo; REDIS_URL is the app's store.
"""

import argparse
import os
import re
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import config
from receiving import inbox
from receiving.replay.replay import MAX_REQUESTS_PER_RUN, ReplayRequest, StoredRequests, replay, select
from scripts.demo import read_env
from stage.sanitize import format_duration
from workers.runs import Outcome

ROOT = Path(__file__).parents[1]
SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def main(words: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """0 when all were taken, 1 when one was not, 2 when there was nothing to replay."""
    asked = _parse_arguments(words)
    try:
        settings = load_settings(os.environ if environ is None else environ)
    except config.ConfigError as missing:
        print(missing, file=sys.stderr)
        return 2
    wanted = ReplayRequest(tuple(asked.ids), asked.since, asked.until, asked.source, not asked.original, asked.force)
    chosen = select(config.connect(settings), wanted)
    if not chosen:
        print("Nothing in the inbox fits. What is there: python -m scripts.replay --since 3d --show", file=sys.stderr)
        return 2
    if asked.show:
        return _print_chosen(chosen)
    outcomes = [print_outcome(outcome) for outcome in replay(settings, chosen, wanted, secrets.token_hex(6))]
    return 1 if any(outcome.state == "failed" for outcome in outcomes) else 0


def _parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.replay",
        description=(__doc__ or "").partition(":")[0] + ".",
        epilog="What was done before gets the stored reply, and nothing is done: --force has the work done once more.",
    )
    parser.add_argument("ids", nargs="*", help="the inbox's own ids, such as 1700000000000-0")
    parser.add_argument("--since", type=parse_time, default=0.0, help="30m, 2h, 1d, or a time such as 2026-11-23T18:00")
    parser.add_argument("--until", type=parse_time, default=0.0, help="the same; without it, now")
    parser.add_argument("--from", dest="source", default="", help="sms, voice, twilio for both, github, stripe, …")
    parser.add_argument("--original", action="store_true", help="with its own signature, however old")
    parser.add_argument("--force", action="store_true", help="do the work once more, also when it was done")
    parser.add_argument("--show", action="store_true", help="only say which they are")
    asked = parser.parse_args(words)
    if not asked.ids and not asked.since:
        parser.error("say which: ids, or --since 1h")
    return asked


def load_settings(environ: Mapping[str, str]) -> config.Settings:
    """The running app's settings, as far as this machine knows them. Raises ConfigError."""
    known: dict[str, str] = {}
    demo = (ROOT / ".demo/environment").exists()  # while it runs; it knows nothing of a real account in .env
    for name in (".env.demo", ".demo/environment" if demo else ".env"):
        known |= read_env(ROOT / name) if (ROOT / name).exists() else {}
    known = {**known, **environ}
    known.setdefault("PUBLIC_URL", f"http://127.0.0.1:{known.get('PORT', '8000')}")
    return config.load(known)


def parse_time(text: str) -> float:
    """`2h` ago, or an ISO 8601 time (without a zone, this machine's), in seconds since 1970."""
    if ago := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return time.time() - int(ago[1]) * SECONDS_PER_UNIT[ago[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError("must be such as 30m, 2h, 1d or 2026-11-23T18:00") from None


def _print_chosen(chosen: StoredRequests) -> int:
    for id, delivery in chosen:
        at = f"{datetime.fromtimestamp(int(id.partition('-')[0]) / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
        how = f"  ({delivery.replay_mark.partition(' ')[0]})" if delivery and delivery.replay_mark else ""
        what = (
            f"{inbox.source_of(delivery):10} {delivery.method} {delivery.redacted_path}"
            if delivery
            else "not kept whole"
        )
        print(f"{id}  {at}  {what}{how}")
    print(
        f"{len(chosen)} in all"
        + (f", and no more than {MAX_REQUESTS_PER_RUN} go in one run" if len(chosen) == MAX_REQUESTS_PER_RUN else "")
    )
    return 0


def print_outcome(outcome: Outcome) -> Outcome:
    """One line for one request."""
    status = str(outcome.status or "—")
    print(f"{status:>3}  {format_duration(outcome.seconds):>8}  {outcome.what}  {outcome.words}", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
