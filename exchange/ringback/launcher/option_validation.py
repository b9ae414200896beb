"""Reads the settings from the options and the environment, and validates every value."""

from __future__ import annotations

import argparse
import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from ringback.account.phone_numbers import is_e164, normalize_number
from ringback.launcher.command_line_options import UsageError
from ringback.service.faults import FaultInjector, InvalidFault
from ringback.service.settings import Settings
from ringback.webhooks.urls import is_twilio_host

Numbers = dict[str, dict[str, Any]]  # the options of each number


def settings_from(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Returns the settings; options take precedence over the environment. Raises UsageError."""
    numbers = _numbers(options, environment)
    password = options.password or environment.get("EXCHANGE_PASSWORD", "")
    if not _is_loopback(options.host) and not password:
        raise UsageError(f"--host {options.host} admits other machines: set EXCHANGE_PASSWORD, or omit --host")
    for verified in options.verified:
        if not is_e164(normalize_number(verified)):
            raise UsageError(f"--verified must be a number like +441632960001, not {verified!r}")
    for name in ("pace", "delivery", "segments_a_second", "calls_a_second"):
        if not getattr(options, name) >= 0:
            raise UsageError(f"--{name.replace('_', '-')} must be at least 0")
    _check_faults(options.fault)
    return Settings(
        account_sid=_required(environment, "TWILIO_ACCOUNT_SID", "AC and 32 hexadecimal digits"),
        auth_token=_required(environment, "TWILIO_AUTH_TOKEN", "the app verifies signatures with it").split(",")[0],
        number=next(iter(numbers)),
        more_numbers=tuple(numbers)[1:],
        by_number=numbers,
        app=_app(options, environment, numbers),
        public=_public(options.public),
        voice=options.voice,
        sms=options.sms,
        voice_fallback=options.voice_fallback,
        sms_fallback=options.sms_fallback,
        voice_status=options.voice_status,
        voice_method=options.voice_method,
        sms_method=options.sms_method,
        caller_names=options.caller_names,
        host=options.host,
        port=_port(options, environment),
        origin=options.origin.rstrip("/"),
        verified=tuple(normalize_number(number) for number in options.verified),
        allow_hosts=tuple(name.lower() for name in options.allow_host),
        password=password,
        pace=options.pace,
        delivery=options.delivery,
        shared_key=_pair(environment, "EXCHANGE_SHARED_KEY", "id:secret"),
        segments_a_second=options.segments_a_second,
        calls_a_second=options.calls_a_second,
        test_credentials=_pair(environment, "EXCHANGE_TEST_CREDENTIALS", "sid:token"),
        links=tuple(map(_link, options.link)),
        help_reply=options.help_reply,
        seed=options.seed,
        faults=tuple(options.fault),
    )


def _numbers(options: argparse.Namespace, environment: Mapping[str, str]) -> Numbers:
    """The app's numbers, each with its own options. Raises UsageError if none is set, or one is invalid or repeated."""
    listed = environment.get("TWILIO_PHONE_NUMBER", "").split(",")
    numbers = options.numbers or [(normalize_number(number), {}) for number in listed]
    for number, _ in numbers:
        if not is_e164(number):
            raise UsageError(f"Set TWILIO_PHONE_NUMBER or --number to a number like +441632960000, not {number!r}")
    by_number = dict(numbers)
    if len(by_number) < len(numbers):
        raise UsageError("--number is given twice with the same number: put all its options after one of them")
    return by_number


def _pair(environment: Mapping[str, str], variable: str, form: str) -> tuple[str, str] | None:
    value = environment.get(variable, "")
    name, colon, secret = value.partition(":")
    if value and not (name and colon and secret):
        raise UsageError(f"{variable} must have the form {form}")
    return (name, secret) if value else None


def _link(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    if not name.strip() or not url.startswith(("http://", "https://")):
        raise UsageError(f"--link must have the form NAME=URL, like Docs=https://app.example/docs, not {text!r}")
    return name.strip(), url


def _check_faults(faults: list[str]) -> None:
    try:
        for fault in faults:
            FaultInjector().add_from_text(fault)
    except InvalidFault as error:
        raise UsageError(f"--fault: {error}") from None


def _required(environment: Mapping[str, str], name: str, meaning: str) -> str:
    if not environment.get(name):
        raise UsageError(f"Set {name}: {meaning}")
    return environment[name]


def _app(options: argparse.Namespace, environment: Mapping[str, str], numbers: Numbers) -> str:
    app: str = options.app or environment.get("PUBLIC_URL", "")
    own = [each.get(kind) for each in numbers.values() for kind in ("voice", "sms")]
    paths = [path for path in (options.voice, options.sms, *own) if path and "://" not in path]
    if paths and not app.startswith(("http://", "https://")):
        raise UsageError(f"{paths[0]} is a path: set PUBLIC_URL or --app to the app's URL, like http://127.0.0.1:8000")
    return app


def _public(url: str) -> str:
    """The public URL without a trailing slash. Raises UsageError unless it is a scheme, a host and an optional port."""
    host = ""
    with suppress(ValueError):  # an invalid port or IPv6 address
        host = (urlsplit(url).port != 0 and urlsplit(url).hostname) or ""
    if url and not (host and re.fullmatch(r"https?://[^/?#@\s]+/?", url, re.IGNORECASE)):
        raise UsageError(f"--public must be a URL without a path, like https://app.example, not {url!r}")
    if is_twilio_host(host):
        raise UsageError("--public is the app's URL, not Twilio's: choose a name like https://app.example")
    return url.rstrip("/")


def _port(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    port = str(environment.get("EXCHANGE_PORT") or 8001) if options.port is None else str(options.port)
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"The port must be a number from 0 to 65535, not {port!r}")
    return int(port)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
