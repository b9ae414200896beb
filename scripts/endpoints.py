"""Sees to who hears our webhooks, from a command line: python -m scripts.endpoints list.

It asks the subscriber API of a running app. The token is the first of the environment's API_TOKENS, or the demo's.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from scripts.demo import read_env
from scripts.send import DEMO_ENV_FILE, REQUEST_TIMEOUT_SECONDS, find_app_url, parse_origin

POLL_INTERVAL_SECONDS = 0.2  # seconds, while a recovery goes on
SECONDS_PER_UNIT = {"m": 60, "h": 3_600, "d": 86_400}


class ApiError(Exception):
    """The app did not do it; the sentence says why."""


class ApiClient:
    """The subscriber API of the app at this address."""

    def __init__(self, to: str, token: str) -> None:
        self.app_url, self.session = to, requests.Session()
        self.session.trust_env = False  # neither a proxy nor a ~/.netrc may see the token
        self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, *path: str, **body: Any) -> Any:
        """The answer's JSON. Refused, with the app's own sentence, when there is none."""
        url = "/".join([f"{self.app_url}/api/endpoints", *path])
        try:
            answer = self.session.request(
                method, url, json=body or None, timeout=REQUEST_TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as trouble:
            raise ApiError(
                f"Nobody answers at {self.app_url}: {trouble}. Is the app running? Try: make demo"
            ) from trouble
        if not answer.ok:
            raise ApiError(_error_detail(answer))
        return answer.json() if answer.content else {}


def main(words: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """0 when it is done, 1 when the app refused, 2 when there is no token to ask with."""
    environ = os.environ if environ is None else environ
    asked = _parse_arguments(words, find_app_url(environ))
    token = (read_env(Path(DEMO_ENV_FILE)) | dict(environ)).get("API_TOKENS", "").split(",")[0].strip()
    if not token:
        print("Set API_TOKENS, the same as the app has.", file=sys.stderr)
        return 2
    api = ApiClient(asked.to, token)
    try:
        COMMANDS[asked.what](api, asked)
    except ApiError as sentence:
        print(sentence, file=sys.stderr)
        return 1
    finally:
        api.session.close()
    return 0


def parse_time(text: str) -> float:
    """`30m`, `2h` and `3d` ago, `all`, or a date and time as ISO 8601 writes it; in seconds since 1970."""
    if text == "all":
        return 0.0
    if ago := re.fullmatch(r"(\d{1,6})([mhd])", text):
        return time.time() - int(ago[1]) * SECONDS_PER_UNIT[ago[2]]
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("must be such as 30m, 2h, 3d, all, or 2026-11-23T18:00") from None


def _parse_arguments(words: list[str] | None, app: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.endpoints", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--to", default=app, type=parse_origin, help="the app; %(default)s")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("list", help="all endpoints")
    for name, about in COMMAND_HELP.items():
        one = what.add_parser(name, help=about)
        one.add_argument("id", help="an endpoint's id, as `list` shows it")
        if name == "resend":
            one.add_argument("message", help="the message's id, as `attempts` shows it")
        if name == "recover":
            one.add_argument("since", type=parse_time, help="30m, 2h, 3d, all, or 2026-11-23T18:00")
        if name == "example":
            one.add_argument("event_type", help="an event type of the catalogue, such as text.received")
    return parser.parse_args(words)


def _list(api: ApiClient, asked: argparse.Namespace) -> None:
    rows = [
        (one["id"], one["state"], one["url"], " ".join(one["event_types"]) or "everything", one["state_reason"])
        for one in api("GET")["endpoints"]
    ]
    _print_table(rows, "There are none yet.")


def _attempts(api: ApiClient, asked: argparse.Namespace) -> None:
    rows = [
        (
            f"{datetime.fromtimestamp(row['time'], UTC):%Y-%m-%d %H:%M:%S}",
            row["message"],
            row["event_type"],
            f"attempt {row['attempt_number']}",
            str(row["status"] or row["cause"]),
            f"{row['duration_ms']:.0f} ms",
            "at the fallback" if row["used_fallback"] else "",
        )
        for row in api("GET", asked.id, "attempts")["attempts"]
    ]
    _print_table(rows, "Nothing was sent there yet.")


def _dead(api: ApiClient, asked: argparse.Namespace) -> None:
    found = api("GET", asked.id, "dead")
    rows = [
        (f"{datetime.fromtimestamp(one['given_up_at'], UTC):%Y-%m-%d %H:%M:%S}", one["message"], one["event_type"])
        for one in found["dead"]
    ]
    _print_table(rows, "There is no dead letter.")
    if found["count"] > len(rows):
        print(f"and {found['count'] - len(rows):,} older ones")


def _resend(api: ApiClient, asked: argparse.Namespace) -> None:
    api("POST", asked.id, "resend", message=asked.message)
    print(f"{asked.message} goes out once more.")


def _example(api: ApiClient, asked: argparse.Namespace) -> None:
    print(f"{api('POST', asked.id, 'example', event_type=asked.event_type)['message']} goes out.")


def _recover(api: ApiClient, asked: argparse.Namespace) -> None:
    """Shows how far it is until it is done; Ctrl-C leaves it to the worker."""
    so_far, shown = api("POST", asked.id, "recover", since=asked.since), ""
    while so_far["state"] in ("waiting", "working"):
        shown = _print_progress(so_far, shown)
        time.sleep(POLL_INTERVAL_SECONDS)
        so_far = api("GET", asked.id, "recoveries", so_far["recovery"])
    _print_progress(so_far, shown)
    if so_far["state"] == "failed":
        raise ApiError(so_far["reason"])


def _print_progress(so_far: Mapping[str, Any], shown: str) -> str:
    """A line when there is news, since `shown` was."""
    words = f"{so_far['done']:,} of {so_far['total']:,} go out once more"
    words = "waiting for a worker" if so_far["state"] == "waiting" else words
    if words != shown:
        print(words, flush=True)
    return words


def _print_table(rows: Iterable[tuple[str, ...]], nothing: str) -> None:
    rows = list(rows)
    if not rows:
        print(nothing)
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _error_detail(answer: requests.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"It answered {answer.status_code}. Has the app API_TOKENS?"


COMMAND_HELP = {
    "attempts": "the newest hundred attempts at one",
    "dead": "what was given up there",
    "resend": "send one message once more",
    "recover": "send all that failed since then once more",
    "example": "send an example of an event there",
    "pause": "send nothing; what happens meanwhile waits",
    "resume": "send again",
}
COMMANDS: dict[str, Callable[[ApiClient, argparse.Namespace], None]] = {
    "list": _list,
    "attempts": _attempts,
    "dead": _dead,
    "resend": _resend,
    "recover": _recover,
    "example": _example,
    "pause": lambda api, asked: print(f"It is {api('POST', asked.id, 'pause')['state']} now."),
    "resume": lambda api, asked: print(f"It is {api('POST', asked.id, 'resume')['state']} now."),
}

if __name__ == "__main__":
    sys.exit(main())
