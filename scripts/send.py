"""Sends a provider's signed sample webhook to a running app: python -m scripts.send stripe invoice.paid.

The secrets (STRIPE_WEBHOOK_SECRET, …) come from the environment, else from the running demo, else from .env.demo.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests

import config
import logs
from receiving import providers
from receiving.delivery import Delivery
from receiving.providers.base import Provider
from scripts import demo
from scripts.demo import read_env

REQUEST_TIMEOUT_SECONDS = 10  # GitHub and Dropbox use the same timeout
DEMO_ENV_FILE = Path(__file__).parents[1] / ".env.demo"
RUNNING_ENV_FILE = demo.FOLDER / "environment"  # written by the running demo


def main(words: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Return 0 if the app accepted the webhook, 1 if it did not, or 2 if the webhook could not be created."""
    environ = os.environ if environ is None else environ
    options = _parse_arguments(words, find_app_url(environ))
    provider = providers.load()[options.provider]
    running = read_env(RUNNING_ENV_FILE) if RUNNING_ENV_FILE.exists() else {}  # overrides .env.demo
    setting = (read_env(DEMO_ENV_FILE) | running | dict(environ)).get(provider.setting_name, "")
    if not setting:
        print(
            f"Set {provider.setting_name} to the same value as in the app: {provider.setting_description}.",
            file=sys.stderr,
        )
        return 2
    if options.event and options.event not in provider.samples:
        print(f"{provider.title} has these samples: {' '.join(provider.samples)}", file=sys.stderr)
        return 2
    try:
        secrets = tuple(map(config.Secret, filter(None, map(str.strip, setting.split(",")))))
        delivery = provider.make_signed_sample(options.event, secrets, options.signed_for or options.to)
    except ValueError as error:
        print(f"{error}.", file=sys.stderr)
        return 2
    return _send(provider, delivery, options.to)


def find_app_url(environ: Mapping[str, str]) -> str:
    """Return the app's URL: localhost with PORT if the environment sets it, or else the running demo's."""
    running = read_env(RUNNING_ENV_FILE) if RUNNING_ENV_FILE.exists() and "PORT" not in environ else {}
    return running.get("PUBLIC_URL") or f"http://127.0.0.1:{environ.get('PORT', '8000')}"


def _parse_arguments(words: list[str] | None, app_url: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.send", description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument("provider", choices=list(providers.load()))
    parser.add_argument("event", nargs="?", default="", help="one of the provider's samples; defaults to the first")
    parser.add_argument("--to", default=app_url, type=parse_origin, help="the app's URL; defaults to %(default)s")
    parser.add_argument("--signed-for", default="", type=parse_origin, help="the app's PUBLIC_URL, if it differs")
    return parser.parse_args(words)


def parse_origin(text: str) -> str:
    """Return the URL without a trailing slash. Raises ArgumentTypeError."""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise argparse.ArgumentTypeError("must be an address such as http://127.0.0.1:8000")
    return text.rstrip("/")


def _send(provider: Provider, delivery: Delivery, to: str) -> int:
    target = delivery.url.partition("://")[2].partition("/")[2]
    with requests.Session() as session:
        session.trust_env = False  # ~/.netrc or a proxy could change what was signed
        try:
            response = session.request(
                delivery.method,
                f"{to}/{target}",
                data=delivery.body,
                headers=delivery.headers,
                timeout=REQUEST_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            reason = type(error).__name__
            print(f"No response from {to} ({reason}). Is the app running? Try: make demo", file=sys.stderr)
            return 1
    summary = "; ".join(provider.summarize(event) for event in provider.parse(delivery))
    print(f"{response.status_code} for {provider.title}: {summary}")
    if not response.ok:
        print(response.text.strip(), file=sys.stderr)
    return 0 if response.ok else 1


if __name__ == "__main__":
    logs.set_up()
    sys.exit(main())
