"""The release step, before a new version goes live: lists missing settings, and aborts if any of them is required."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import redis
import requests
from twilio.base.exceptions import TwilioException

import config
import logs
from phone.commands import command_words
from receiving import providers
from sending.twilio.gateway import TwilioGateway
from sending.webhooks.encryption import Encryption, WrongKey
from sending.webhooks.endpoints import credentials
from show import talk_file
from show.talk_file import TalkError
from stage.phone_number_format import country_of
from store import clients, connection_budget, memory_usage, write_access


def main() -> int:
    """Return 0 if this version can go live. Otherwise print the reasons, and return 1."""
    try:
        settings = config.load()
        providers.check_settings(settings.webhook_secrets)
        talk_file.load_talk(settings.talk, command_words())
    except (config.ConfigError, TalkError) as error:
        print(f"This version cannot go live yet.\n{error}", file=sys.stderr)
        return 1
    must = list(_check_store(settings))
    should = [*_check_locked_endpoints(settings), *_check_recommendations(settings)]
    for line in must:
        print(f"MUST    {line}", file=sys.stderr)
    for line in should:
        print(f"SHOULD  {line}", file=sys.stderr)
    if not must:
        print("This version has everything that it requires.")
    return 1 if must else 0


def _check_store(settings: config.Settings) -> Iterator[str]:
    try:
        client = clients.connect(settings, connection_budget.TOOL)
        if problem := memory_usage.find_eviction(client) or write_access.find_replica(client):
            yield f"The store at REDIS_URL cannot be used: {problem}."
    except redis.exceptions.RedisError as error:
        yield f"The store at REDIS_URL does not respond: {error}."


def _check_locked_endpoints(settings: config.Settings) -> Iterator[str]:
    """Only recommendations: locked endpoints are paused and lose nothing, and repairing them requires a running app."""
    with suppress(redis.exceptions.RedisError):  # reported by _check_store
        locked = credentials.find_undecryptable(
            clients.connect(settings, connection_budget.TOOL), Encryption(settings.secret_key)
        )
        if locked:
            yield f"{WrongKey()} Affected webhook endpoints: {len(locked)}."


def _check_recommendations(settings: config.Settings) -> Iterator[str]:
    if not settings.public_url:
        yield "Set PUBLIC_URL to this app's address: without it, there are no status callbacks and no live updates."
    elif not settings.is_public_https:
        yield "PUBLIC_URL should start with https://, so that webhooks are encrypted."
    try:
        gateway = TwilioGateway(settings, clients.connect(settings, connection_budget.TOOL))
        for name in settings.twilio_phone_number:
            yield from _check_number(name, settings, gateway.client.incoming_phone_numbers.list(phone_number=name))
    except TwilioException as error:
        yield f"Twilio does not accept TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: {error}."
    except requests.exceptions.RequestException:
        yield "Twilio could not be reached, so the numbers were not checked. This is no fault of this version."


def _check_number(name: str, settings: config.Settings, found: list[Any]) -> Iterator[str]:
    label = f"{name[:3]}…{name[-3:]} ({country_of(name) or 'unknown country'}, {settings.sender_rate(name)}/s)"
    if not found:
        yield f"TWILIO_PHONE_NUMBER: {label} does not belong to this account."
    for field, path in (("voice_url", "/voice"), ("sms_url", "/sms")) if found else ():
        if str(getattr(found[0], field) or "").partition("#")[0] != settings.public_url + path:
            yield f"The {field} of {label} is not {settings.public_url}{path}: set it in Twilio's console."


if __name__ == "__main__":
    logs.set_up()
    sys.exit(main())
