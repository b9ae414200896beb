"""Sends a realistic signed webhook of any provider to a running app: python -m scripts.send stripe invoice.paid.

The secrets are the environment's (STRIPE_WEBHOOK_SECRET, …) and, for what it does not have, those of .env.demo.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests

import config
from receiving import providers
from receiving.delivery import Delivery
from scripts import demo
from scripts.demo import read_env

REQUEST_TIMEOUT_SECONDS = 10  # seconds, as GitHub and Dropbox wait
DEMO_ENV_FILE = Path(__file__).parents[1] / ".env.demo"
RUNNING_ENV_FILE = demo.FOLDER / "environment"  # written by the running demo


def main(words: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """0 when the app took it, 1 when it did not, 2 when there was nothing to send."""
    environ = os.environ if environ is None else environ
    asked = _parse_arguments(words, find_app_url(environ))
    held = read_env(DEMO_ENV_FILE) | dict(environ)
    provider = providers.load()[asked.provider]
    found = held.get(provider.setting_name, "")
    if not found:
        print(f"Set {provider.setting_name}, the same as the app has: {provider.setting_description}.", file=sys.stderr)
        return 2
    if asked.event and asked.event not in provider.samples:
        print(f"{provider.title} has these: {' '.join(provider.samples)}", file=sys.stderr)
        return 2
    try:
        secrets = tuple(map(config.Secret, filter(None, map(str.strip, found.split(",")))))
        delivery = provider.make_signed_sample(asked.event, secrets, asked.signed_for or asked.to)
    except ValueError as trouble:
        print(f"{trouble}.", file=sys.stderr)
        return 2
    return _send(provider, delivery, asked.to)


def find_app_url(environ: Mapping[str, str]) -> str:
    """The app's address: at the environment's PORT, or else where the demo that runs is."""
    demo = read_env(RUNNING_ENV_FILE) if RUNNING_ENV_FILE.exists() and "PORT" not in environ else {}
    return demo.get("PUBLIC_URL") or f"http://127.0.0.1:{environ.get('PORT', '8000')}"


def _parse_arguments(words: list[str] | None, app: str) -> argparse.Namespace:
    known = providers.load()
    parser = argparse.ArgumentParser(prog="python -m scripts.send", description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument("provider", choices=list(known))
    parser.add_argument("event", nargs="?", default="", help="one of its samples; without it, the first")
    parser.add_argument("--to", default=app, type=parse_origin, help="the app; %(default)s")
    parser.add_argument(
        "--signed-for", default="", type=parse_origin, help="its PUBLIC_URL, if that is another address"
    )
    return parser.parse_args(words)


def parse_origin(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise argparse.ArgumentTypeError("must be an address such as http://127.0.0.1:8000")
    return text.rstrip("/")


def _send(provider: providers.Provider, delivery: Delivery, to: str) -> int:
    target = delivery.url.partition("://")[2].partition("/")[2]
    with requests.Session() as session:
        session.trust_env = False  # neither a proxy nor a ~/.netrc may change what was signed
        try:
            answer = session.request(
                delivery.method,
                f"{to}/{target}",
                data=delivery.body,
                headers=delivery.headers,
                timeout=REQUEST_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as trouble:
            print(f"Nobody took it at {to}: {trouble}. Is the app running? Try: make demo", file=sys.stderr)
            return 1
    line = "; ".join(provider.summarize(notice) for notice in provider.parse(delivery))
    print(f"{answer.status_code} for {provider.title}: {line}")
    if not answer.ok:
        print(answer.text.strip(), file=sys.stderr)
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main())
