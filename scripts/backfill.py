"""Asks Twilio and GitHub what we missed: python -m scripts.backfill --since 1h, and with --submit brings it in.

The settings are those of scripts.replay. Without --submit nothing is changed.
"""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import datetime

import config
from receiving.replay import backfill
from receiving.replay.backfill import MissingReport
from scripts.replay import load_settings, parse_time, print_outcome


def main(words: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """0 when nothing is missing (any more), 1 when something is or could not be told, 2 when settings are."""
    asked = _parse_arguments(words)
    try:
        settings = load_settings(os.environ if environ is None else environ)
    except config.ConfigError as missing:
        print(missing, file=sys.stderr)
        return 2
    redis = config.connect(settings)
    lists = backfill.provider_logs(settings, redis)
    found = backfill.find_missing(
        redis, lists, asked.since, asked.until or time.time(), lambda words: print(f"{words} …")
    )
    print(found.summarize())
    for name, trouble in found.failed_logs.items():
        print(f"Nothing is known of {name}: {trouble}.", file=sys.stderr)
    if not asked.submit:
        return _print_missing(found)
    outcomes = [print_outcome(one) for one in backfill.backfill(settings, found.missing, secrets.token_hex(6))]
    return 1 if found.failed_logs or any(outcome.state == "failed" for outcome in outcomes) else 0


def _parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.backfill", description=(__doc__ or "").partition(":")[0] + "."
    )
    parser.add_argument(
        "--since", type=parse_time, default=parse_time("1h"), help="30m, 2h, 1d or a time; 1h without it"
    )
    parser.add_argument("--until", type=parse_time, default=0.0, help="the same; without it, now")
    parser.add_argument("--submit", action="store_true", help="bring in what is missing; missed texts are answered")
    return parser.parse_args(words)


def _print_missing(found: MissingReport) -> int:
    for one in found.missing:
        print(f"{datetime.fromtimestamp(one.sent_at).astimezone():%Y-%m-%d %H:%M:%S}  {one.summary}")
    if found.missing:
        print("Bring them in: the same again with --submit")
    return 1 if found.missing or found.failed_logs else 0


if __name__ == "__main__":
    sys.exit(main())
