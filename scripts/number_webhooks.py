"""Sets the webhooks of our numbers at Twilio, and restores them."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from config import Settings
from scripts.setup.checks import CannotStart
from sending.twilio.calls_and_media import REQUEST_TIMEOUT_SECONDS
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES

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


@dataclass(frozen=True)
class NumberWebhooks:
    """A number's Twilio resource, and its settings before and while our program runs."""

    number: Any
    before: dict[str, str]
    wanted: dict[str, str]

    def show_changes(self) -> None:
        """Print what will be changed."""
        print(f"The webhooks of {self.number.phone_number}, now and while this program runs:\n")
        for field, new in self.wanted.items():
            if self.before[field] != new:
                print(f"  {field:<24}{self.before[field] or '(none)'}\n  {'':<20}->  {new or '(none)'}")
        print()

    def set(self) -> None:
        """Change the settings at Twilio."""
        self.number.update(**self.wanted)

    def restore(self) -> bool:
        """Restore the settings, unless somebody has changed them in the meantime. Returns False if Twilio fails."""
        name = self.number.phone_number
        for attempt in range(5):
            try:
                print(self._restore())
                return True
            except (TwilioException, requests.exceptions.RequestException) as error:
                print(f"The webhooks could not be restored ({error}). Trying again …", file=sys.stderr)
                time.sleep(2**attempt)
        print(f"The webhooks of {name} could not be restored. They were: {json.dumps(self.before)}", file=sys.stderr)
        return False

    def _restore(self) -> str:
        """Return what was done. An earlier attempt, whose response was lost, may have restored the settings."""
        now, name = self.number.fetch(), self.number.phone_number
        known = {field: (self.before[field], wanted) for field, wanted in self.wanted.items()}
        if changed := [field for field, values in known.items() if (getattr(now, field) or "") not in values]:
            return (
                f"Somebody changed {', '.join(changed)} of {name} in the meantime, so nothing was restored. "
                f"The original values were {self.before}"
            )
        self.number.update(**self.before)
        return f"The original webhooks of {name} have been restored."


def find_numbers(settings: Settings) -> list[Any]:
    """Return the Twilio resource of each of our numbers. Raises CannotStart."""
    http = TwilioHttpClient(timeout=REQUEST_TIMEOUT_SECONDS)
    client = Client(settings.twilio_account_sid, settings.twilio_auth_token[0], http_client=http)
    if settings.twilio_api_url:
        client.api.base_url = settings.twilio_api_url
    try:
        found = {name: client.incoming_phone_numbers.list(phone_number=name) for name in settings.twilio_phone_number}
    except TwilioException as error:
        raise CannotStart(f"Twilio refused TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: {error}") from None
    except requests.exceptions.RequestException as error:
        raise CannotStart(f"Twilio could not be reached: {type(error).__name__}. Is this machine online?") from None
    if missing := [name for name, resources in found.items() if not resources]:
        raise CannotStart(
            f"TWILIO_PHONE_NUMBER: {', '.join(missing)} does not belong to this account. See the list of numbers in "
            "Twilio's console."
        )
    return [resources[0] for resources in found.values()]


def plan(numbers: list[Any], public_url: str) -> list[NumberWebhooks]:
    """Return the changes that make these numbers' webhooks reach `public_url`."""
    wanted = {
        field: f"{public_url}{value}{CONNECTION_OVERRIDES}" if value.startswith("/") else value
        for field, value in NUMBER_SETTINGS.items()
    }
    return [
        NumberWebhooks(number, {field: getattr(number, field) or "" for field in NUMBER_SETTINGS}, wanted)
        for number in (number.fetch() for number in numbers)
    ]


def save(changes: list[NumberWebhooks], file: Path) -> None:
    """Write the original settings to a file, in case this program is killed."""
    rows = [{"sid": each.number.sid, "before": each.before, "wanted": each.wanted} for each in changes]
    file.write_text(json.dumps(rows))


def restore_saved(numbers: list[Any], file: Path) -> None:
    """Restore the original settings if this program was killed before it could, unless somebody has changed them.

    Raises CannotStart if Twilio fails.
    """
    if not file.exists():
        return
    saved = {row["sid"]: row for row in json.loads(file.read_text())}
    changes = [
        NumberWebhooks(one, saved[one.sid]["before"], saved[one.sid]["wanted"]) for one in numbers if one.sid in saved
    ]
    if not all([each.restore() for each in changes]):
        raise CannotStart("The webhooks that an earlier run changed must be restored first: try again later.")
    file.unlink(missing_ok=True)
