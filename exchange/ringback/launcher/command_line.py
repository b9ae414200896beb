"""The exchange's options, and the settings made of them and of the environment."""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Mapping

from ringback.account.phone_numbers import is_e164, normalize_number
from ringback.service.faults import FaultInjector, InvalidFault
from ringback.service.settings import Settings

VERIFIED_HELP = "a number that is not the app's, which it may show as the caller all the same (repeatable)"
LET_THROUGH_HELP = "a host other than Twilio's that the app may reach through the proxy (repeatable; * for all)"


class UsageError(Exception):
    """An option or a variable is missing or makes no sense; the message says what to do."""


def parser() -> argparse.ArgumentParser:
    """`serve` runs the exchange; `run … -- command` runs it and an app that believes it is Twilio."""
    top = argparse.ArgumentParser(prog="python -m ringback", description="A local telephone exchange.")
    kinds = top.add_subparsers(required=True, dest="do", metavar="serve|run")
    account = "Account and token come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
    serving = kinds.add_parser("serve", help="run the exchange", description=account)
    running = kinds.add_parser(
        "run",
        help="run the exchange and a web app, which reaches us when it asks for api.twilio.com",
        description=f"{account} Where they are not set, some are made up. The app is told its port in PORT.",
    )
    for one in (serving, running):
        _add_options(one)
    running.add_argument("--let-through", action="append", default=[], metavar="HOST", help=LET_THROUGH_HELP)
    running.add_argument("command", nargs="+", help="after --: whatever starts the app, such as flask run")
    return top


def _add_options(one: argparse.ArgumentParser) -> None:
    add = one.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (another than loopback wants a password)")
    add("--port", type=int, help="port to listen on; 0 is any free one (EXCHANGE_PORT, 8001)")
    add("--number", help="the app's phone number (TWILIO_PHONE_NUMBER)")
    add("--verified", action="append", default=[], metavar="NUMBER", help=VERIFIED_HELP)
    add("--app", help="where the app is, such as http://127.0.0.1:8000 (PUBLIC_URL)")
    add("--voice", default="/voice", help="the app's address for calls: a path or a whole URL (%(default)s)")
    add("--sms", default="/sms", help="…for texts (%(default)s)")
    add("--voice-fallback", default="", help="…for calls when --voice fails")
    add("--sms-fallback", default="", help="…for texts when --sms fails")
    add("--voice-status", default="", help="…told when a call is over")
    add("--voice-method", default="POST", choices=("GET", "POST"), help="how --voice is asked (%(default)s)")
    add("--sms-method", default="POST", choices=("GET", "POST"), help="how --sms is asked (%(default)s)")
    add("--caller-names", action="store_true", help="tell the app each caller's name (VoiceCallerIdLookup)")
    add("--origin", default="", help="where others reach this exchange, if not at http://host:port")
    add("--allow-host", action="append", default=[], help="a further Host name to answer to (repeatable)")
    add("--password", default="", help="wanted from everyone but REST clients (EXCHANGE_PASSWORD)")
    add("--pace", type=float, default=1.0, help="how fast it speaks: 1 is natural, 0 takes no time (%(default)s)")
    add("--delivery", type=float, default=0.2, help="seconds from queued to sent, and to delivered (%(default)s)")
    add("--segments-a-second", type=float, default=0.0, help="that a number sends; the rest waits (0: no limit)")
    add("--calls-a-second", type=float, default=0.0, help="that the app begins; the rest waits (0: no limit)")
    add("--help-reply", default="", help="what HELP is answered with by the carrier (default: left to the app)")
    add("--fault", action="append", default=[], metavar="KIND,NAME=VALUE…", help="as in POST /faults (repeatable)")
    add("--seed", type=int, default=0, help="of the faults' dice (%(default)s)")


def settings_from(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Options first, then the environment. Raises Unusable with a sentence that says what to set."""
    number = normalize_number(options.number or environment.get("TWILIO_PHONE_NUMBER", ""))
    password = options.password or environment.get("EXCHANGE_PASSWORD", "")
    if not is_e164(number):
        raise UsageError(f"Set TWILIO_PHONE_NUMBER or --number to a number like +441632960000, not {number!r}")
    if not _is_loopback(options.host) and not password:
        raise UsageError(f"Listening on {options.host} lets others in: set EXCHANGE_PASSWORD, or leave --host out")
    for one in options.verified:
        if not is_e164(normalize_number(one)):
            raise UsageError(f"--verified must be a number like +441632960001, not {one!r}")
    for name in ("pace", "delivery", "segments_a_second", "calls_a_second"):
        if not getattr(options, name) >= 0:
            raise UsageError(f"--{name.replace('_', '-')} cannot be less than 0")
    _check_faults(options.fault)
    return Settings(
        account_sid=_required(environment, "TWILIO_ACCOUNT_SID", "AC and 32 hexadecimal digits"),
        auth_token=_required(environment, "TWILIO_AUTH_TOKEN", "the token the app checks signatures with").split(",")[
            0
        ],
        number=number,
        app=_app(options, environment),
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
        help_reply=options.help_reply,
        seed=options.seed,
        faults=tuple(options.fault),
    )


def _pair(environment: Mapping[str, str], variable: str, form: str) -> tuple[str, str] | None:
    written = environment.get(variable, "")
    name, colon, secret = written.partition(":")
    if written and not (name and colon and secret):
        raise UsageError(f"Write {variable} as {form}")
    return (name, secret) if written else None


def _check_faults(written: list[str]) -> None:
    try:
        for one in written:
            FaultInjector().add_from_text(one)
    except InvalidFault as reason:
        raise UsageError(f"--fault: {reason}") from None


def _required(environment: Mapping[str, str], name: str, meaning: str) -> str:
    if not environment.get(name):
        raise UsageError(f"Set {name}: {meaning}")
    return environment[name]


def _app(options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    app: str = options.app or environment.get("PUBLIC_URL", "")
    paths = [path for path in (options.voice, options.sms) if path and "://" not in path]
    if paths and not app.startswith(("http://", "https://")):
        raise UsageError(f"Set PUBLIC_URL or --app to where the app is, such as http://127.0.0.1:8000, for {paths[0]}")
    return app


def _port(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    written = str(environment.get("EXCHANGE_PORT") or 8001) if options.port is None else str(options.port)
    if not written.isascii() or not written.isdigit() or int(written) > 65535:
        raise UsageError(f"The port must be a number from 0 to 65535, not {written!r}")
    return int(written)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
