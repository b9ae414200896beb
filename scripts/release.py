"""The release step: says in plain words what is missing before a new version goes live, and stops it if it must."""

import sys
from collections.abc import Iterator
from contextlib import suppress

import redis
import requests
from twilio.base.exceptions import TwilioException

import config
import store_budget
import store_pool
from sending.twilio import TwilioGateway
from sending.webhooks import credentials
from sending.webhooks.encryption import Encryption, WrongKey


def main() -> int:
    """0 when this version can go live; 1, with the reasons, when it cannot."""
    try:
        settings = config.load()
    except config.ConfigError as missing:
        print(f"This version cannot go live yet.\n{missing}", file=sys.stderr)
        return 1
    must = list(_check_store(settings))
    should = [*_check_locked_endpoints(settings), *_check_recommendations(settings)]
    for line in must:
        print(f"MUST    {line}", file=sys.stderr)
    for line in should:
        print(f"SHOULD  {line}", file=sys.stderr)
    if not must:
        print("Everything this version must have is there.")
    return 1 if must else 0


def _check_store(settings: config.Settings) -> Iterator[str]:
    try:
        store_pool.connect(settings, store_budget.TOOL).ping()
    except redis.exceptions.RedisError as trouble:
        yield f"The store at REDIS_URL does not answer: {trouble}."


def _check_locked_endpoints(settings: config.Settings) -> Iterator[str]:
    """No reason to stay down: what is locked is paused and loses nothing, and may have to be mended in a live app."""
    with suppress(redis.exceptions.RedisError):  # which is told above
        locked = credentials.find_undecryptable(
            store_pool.connect(settings, store_budget.TOOL), Encryption(settings.secret_key)
        )
        if locked:
            yield f"{WrongKey()} It concerns {len(locked)} of the addresses that hear our webhooks."


def _check_recommendations(settings: config.Settings) -> Iterator[str]:
    if not settings.public_url:
        yield "Set PUBLIC_URL to our address: without it there are no status callbacks and no live updates."
    elif not settings.is_public_https:
        yield "PUBLIC_URL should start with https://, so that nobody reads the webhooks on their way."
    try:
        gateway = TwilioGateway(settings, store_pool.connect(settings, store_budget.TOOL))
        numbers = gateway.client.incoming_phone_numbers.list(phone_number=settings.twilio_phone_number)
    except TwilioException as refusal:
        yield f"Twilio does not accept TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: {refusal}."
        return
    except requests.exceptions.RequestException:
        yield "Twilio could not be asked about the number; nothing is wrong with this version."
        return
    if not numbers:
        yield f"TWILIO_PHONE_NUMBER is not a number of this account: {settings.twilio_phone_number[:3]}…"
    for number in numbers:
        for name, path in (("voice_url", "/voice"), ("sms_url", "/sms")):
            if getattr(number, name) != settings.public_url + path:
                yield f"The number's {name} is not {settings.public_url}{path}: set it in Twilio's console."


if __name__ == "__main__":
    sys.exit(main())
