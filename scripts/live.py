"""The real number, answered from this machine: a tunnel, the number's webhooks set, and put back at the end."""

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
from scripts import demo
from scripts.demo import CannotStart

SAVED_WEBHOOKS_FILE = demo.FOLDER / "webhooks-before.json"  # what the number called before; kept until it is put back
# An application's sid wins over the number's own addresses, so ours only count when there is none.
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
    """Live until Ctrl-C. 0: everything was put back. 1: it could not start. 2: the number was left as it is."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.default_int_handler)  # until something is to be put back, just end
    given = demo.add_dotenv(dict(os.environ))
    try:
        settings = config.load({"REDIS_URL": "redis://unused", **given})
        number = find_number(settings)
        restore_leftover_webhooks(number)
        with open_tunnel(given) as public_url:
            wanted = {name: public_url + path if path[:1] == "/" else path for name, path in NUMBER_SETTINGS.items()}
            number = number.fetch()
            before = {name: getattr(number, name) or "" for name in NUMBER_SETTINGS}
            if not confirm_changes(settings.twilio_phone_number, before, wanted, "--yes" in arguments):
                print("Nothing was changed.")
                return 2
            return run(number, before, wanted, build_environment(given, public_url))
    except KeyboardInterrupt:
        print("\nNothing was changed.")
        return 2
    except (CannotStart, config.ConfigError) as trouble:
        print(trouble, file=sys.stderr)
        return 1


def build_environment(given: dict[str, str], public_url: str) -> dict[str, str]:
    """What web and worker run with: the real account, and a store of our own unless REDIS_URL is set."""
    port = given.get("PORT", "8000")
    return {
        **given,
        **demo.build_store_environment(given),
        "PORT": port,
        "PUBLIC_URL": public_url,
        "DEMO_HAS_EXCHANGE": "false",
    }


@contextlib.contextmanager
def open_tunnel(given: dict[str, str]) -> Iterator[str]:
    """The address the world reaches this machine at: PUBLIC_URL, or a tunnel that ends with us."""
    demo.check_port("PORT", port := given.get("PORT", "8000"))
    if given.get("PUBLIC_URL"):
        yield given["PUBLIC_URL"].rstrip("/")
        return
    from pyngrok import ngrok
    from pyngrok.exception import PyngrokError

    try:
        public_url = str(ngrok.connect(port, "http", schemes=["https"]).public_url)
    except (PyngrokError, OSError) as trouble:
        raise CannotStart(
            f"No tunnel: {trouble}\nSet NGROK_AUTHTOKEN in .env, or PUBLIC_URL to an address that reaches this machine."
        ) from None
    try:
        yield public_url
    finally:
        ngrok.kill()


def find_number(settings: config.Settings) -> Any:
    """The number's resource at Twilio, or CannotStart with what is wrong."""
    client = Client(settings.twilio_account_sid, settings.twilio_auth_token[0])
    if settings.twilio_api_url:
        client.api.base_url = settings.twilio_api_url
    try:
        found = client.incoming_phone_numbers.list(phone_number=settings.twilio_phone_number)
    except TwilioException as refusal:
        raise CannotStart(f"Twilio refused TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: {refusal}") from None
    except requests.exceptions.RequestException as trouble:
        raise CannotStart(f"Twilio could not be reached: {type(trouble).__name__}. Is there a network?") from None
    if not found:
        raise CannotStart("TWILIO_PHONE_NUMBER is not a number of this account: see the console's list of numbers.")
    return found[0]


def restore_leftover_webhooks(number: Any) -> None:
    """A run that was killed could not put the number's webhooks back: do it now, if they are still the ones it set."""
    if not SAVED_WEBHOOKS_FILE.exists():
        return
    left = json.loads(SAVED_WEBHOOKS_FILE.read_text())
    if left["sid"] == number.sid:
        restore_webhooks(number, left["before"], left["wanted"])
    SAVED_WEBHOOKS_FILE.unlink(missing_ok=True)


def confirm_changes(name: str, before: dict[str, str], wanted: dict[str, str], yes: bool) -> bool:
    """Show what changes, and ask."""
    print(f"The webhooks of {name} now, and while this runs:\n")
    for field, new in wanted.items():
        if before[field] != new:
            print(f"  {field:<24}{before[field] or '(none)'}\n  {'':<20}->  {new or '(none)'}")
    print("\nThey are put back at the end.")
    return yes or input("Change them? [y/N] ").strip().lower() in ("y", "yes")


def run(number: Any, before: dict[str, str], wanted: dict[str, str], environ: dict[str, str]) -> int:
    """Web and worker first, then the number's webhooks; at the end the other way round."""
    stopping = demo.stop_on_signals()
    demo.FOLDER.mkdir(exist_ok=True)
    supervisor = demo.start_supervisor(environ)
    try:
        if not demo.wait_until_ready(supervisor, [f"http://127.0.0.1:{environ['PORT']}/health/ready"], stopping):
            return 1
        SAVED_WEBHOOKS_FILE.write_text(json.dumps({"sid": number.sid, "before": before, "wanted": wanted}))
        number = number.update(**wanted)
        public_url = environ["PUBLIC_URL"]
        print(
            f"ready  call or text {environ['TWILIO_PHONE_NUMBER']}  stage {public_url}/  presenter {public_url}/present"
        )
        while not stopping[0] and supervisor.poll() is None:
            time.sleep(0.2)
        restore_webhooks(number.fetch(), before, wanted)
        SAVED_WEBHOOKS_FILE.unlink(missing_ok=True)
        return 0
    finally:
        demo.stop_supervisor(supervisor)


def restore_webhooks(number: Any, before: dict[str, str], wanted: dict[str, str]) -> None:
    """The old webhooks, unless somebody changed them meanwhile."""
    changed = [name for name in wanted if (getattr(number, name) or "") != wanted[name]]
    if changed:
        print(
            f"Somebody changed {', '.join(changed)} meanwhile: the number is left as it is. Before us it was {before}"
        )
        return
    for attempt in range(5):
        try:
            number.update(**before)
            print("The number's webhooks are as they were.")
            return
        except (TwilioException, requests.exceptions.RequestException) as trouble:
            print(f"Putting the webhooks back failed ({trouble}), trying again …", file=sys.stderr)
            time.sleep(2**attempt)
    print(f"They could not be put back. They were: {json.dumps(before)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
