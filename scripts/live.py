"""Answers a real number from this machine: opens a tunnel, sets the number's webhooks, and restores them at the end."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

import config
import logs
from scripts import demo
from scripts.demo_checks import CannotStart, check_port
from scripts.demo_processes import STOP_SIGNALS, Processes, StopRequest, lock_folder

SAVED_WEBHOOKS_FILE = demo.FOLDER / "webhooks-before.json"  # the original webhooks, until they are restored
# Twilio retries a request up to five times if it cannot connect or gets a 5xx, within 15 seconds in total:
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
CONNECTION_OVERRIDES = "#rc=5&rp=ct,5xx"
# A TwiML application would take precedence over the number's own URLs, so it is removed.
NUMBER_SETTINGS = {
    "voice_application_sid": "",
    "voice_url": "/voice",
    "voice_method": "POST",
    "voice_fallback_url": "/voice/fallback",
    "voice_fallback_method": "POST",
    "status_callback": "/voice/status",
    "status_callback_method": "POST",
    "sms_application_sid": "",
    "sms_url": "/sms",
    "sms_method": "POST",
    "sms_fallback_url": "/sms/fallback",
    "sms_fallback_method": "POST",
}


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C. Return 0 on success, 1 if it could not start, or 2 if the number was not changed."""
    for stop in STOP_SIGNALS:
        signal.signal(stop, signal.default_int_handler)  # until there is something to restore
    given = demo.add_dotenv(dict(os.environ))
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # scripts/install.py blocks them
        lock_folder(demo.FOLDER)
        settings = config.load({"REDIS_URL": "redis://unused", **given})
        number = find_number(settings)
        restore_leftover_webhooks(number)
        with open_tunnel(given) as public_url:
            wanted = {name: _complete(public_url, value) for name, value in NUMBER_SETTINGS.items()}
            number = number.fetch()
            before = {name: getattr(number, name) or "" for name in NUMBER_SETTINGS}
            if not confirm_changes(settings.twilio_phone_number, before, wanted, "--yes" in arguments):
                print("Nothing was changed.")
                return 2
            return run(number, before, wanted, build_environment(given, public_url))
    except KeyboardInterrupt:
        print("\nNothing was changed.")
        return 2
    except (CannotStart, config.ConfigError) as error:
        print(error, file=sys.stderr)
        return 1


def _complete(public_url: str, value: str) -> str:
    return f"{public_url}{value}{CONNECTION_OVERRIDES}" if value.startswith("/") else value


def build_environment(given: dict[str, str], public_url: str) -> dict[str, str]:
    """Return the processes' environment: the real account, and an embedded store unless REDIS_URL is set."""
    port = given.get("PORT", "8000")
    return {
        **given,
        **demo.build_store_environment(given),
        "PORT": port,
        "PUBLIC_URL": public_url,
        "TRUSTED_PROXIES": given.get("TRUSTED_PROXIES") or "1",  # the tunnel, or whatever serves PUBLIC_URL over HTTPS
        "DEMO_HAS_EXCHANGE": "false",
    }


@contextlib.contextmanager
def open_tunnel(given: dict[str, str]) -> Iterator[str]:
    """Yield this machine's public URL: PUBLIC_URL, or that of a tunnel, which is closed at the end."""
    check_port("PORT", port := given.get("PORT") or "8000")
    if given.get("PUBLIC_URL"):
        yield given["PUBLIC_URL"].rstrip("/")
        return
    from pyngrok import ngrok
    from pyngrok.exception import PyngrokError

    try:
        public_url = str(ngrok.connect(port, "http", schemes=["https"]).public_url)
    except (PyngrokError, OSError) as error:
        raise CannotStart(
            f"The tunnel could not be opened: {error}\n"
            "Set NGROK_AUTHTOKEN in .env, or set PUBLIC_URL to an address that reaches this machine."
        ) from None
    try:
        yield public_url
    finally:
        ngrok.kill()


def find_number(settings: config.Settings) -> Any:
    """Return the number's Twilio resource. Raises CannotStart."""
    client = Client(settings.twilio_account_sid, settings.twilio_auth_token[0])
    if settings.twilio_api_url:
        client.api.base_url = settings.twilio_api_url
    try:
        found = client.incoming_phone_numbers.list(phone_number=settings.twilio_phone_number)
    except TwilioException as error:
        raise CannotStart(f"Twilio refused TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: {error}") from None
    except requests.exceptions.RequestException as error:
        raise CannotStart(f"Twilio could not be reached: {type(error).__name__}. Is this machine online?") from None
    if not found:
        raise CannotStart(
            "TWILIO_PHONE_NUMBER does not belong to this account: see the list of numbers in Twilio's console."
        )
    return found[0]


def restore_leftover_webhooks(number: Any) -> None:
    """Restore the webhooks left behind by a killed run, unless somebody has changed them since."""
    if not SAVED_WEBHOOKS_FILE.exists():
        return
    saved = json.loads(SAVED_WEBHOOKS_FILE.read_text())
    if saved["sid"] == number.sid:
        restore_webhooks(number, saved["before"], saved["wanted"])
    SAVED_WEBHOOKS_FILE.unlink(missing_ok=True)


def confirm_changes(name: str, before: dict[str, str], wanted: dict[str, str], yes: bool) -> bool:
    """Show the changes, and return whether the user confirms them."""
    print(f"The webhooks of {name}, now and while this program runs:\n")
    for field, new in wanted.items():
        if before[field] != new:
            print(f"  {field:<24}{before[field] or '(none)'}\n  {'':<20}->  {new or '(none)'}")
    print("\nThey will be restored at the end.")
    return yes or input("Change them? [y/N] ").strip().lower() in ("y", "yes")


def run(number: Any, before: dict[str, str], wanted: dict[str, str], environ: dict[str, str]) -> int:
    """Start web and worker, set the webhooks, and on exit undo both in reverse order. Return the exit status."""
    processes = Processes(environ, demo.FOLDER, StopRequest())
    try:
        if not processes.wait_until_ready([f"http://127.0.0.1:{environ['PORT']}/health/ready"]):
            return 1
        SAVED_WEBHOOKS_FILE.write_text(json.dumps({"sid": number.sid, "before": before, "wanted": wanted}))
        number = number.update(**wanted)
        public_url = environ["PUBLIC_URL"]
        print(
            f"ready  call or text {environ['TWILIO_PHONE_NUMBER']}  stage {public_url}/  presenter {public_url}/present"
        )
        processes.report_restarts()
        restore_webhooks(number.fetch(), before, wanted)
        SAVED_WEBHOOKS_FILE.unlink(missing_ok=True)
        return 0
    finally:
        processes.stop()


def restore_webhooks(number: Any, before: dict[str, str], wanted: dict[str, str]) -> None:
    """Restore the webhooks, unless somebody has changed them in the meantime."""
    changed = [name for name in wanted if (getattr(number, name) or "") != wanted[name]]
    if changed:
        print(
            f"Somebody changed {', '.join(changed)} in the meantime, so nothing was restored. "
            f"The original values were {before}"
        )
        return
    for attempt in range(5):
        try:
            number.update(**before)
            print("The number's original webhooks have been restored.")
            return
        except (TwilioException, requests.exceptions.RequestException) as error:
            print(f"The webhooks could not be restored ({error}). Trying again …", file=sys.stderr)
            time.sleep(2**attempt)
    print(f"The webhooks could not be restored. They were: {json.dumps(before)}", file=sys.stderr)


if __name__ == "__main__":
    logs.set_up()
    sys.exit(main(sys.argv[1:]))
