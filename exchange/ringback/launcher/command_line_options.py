"""The command-line options, with their help texts and defaults; some may differ for each --number."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from ringback import __version__
from ringback.account.phone_numbers import normalize_number

OF_A_NUMBER = (  # the options that may follow a --number and then apply to it alone
    "voice",
    "sms",
    "voice_fallback",
    "sms_fallback",
    "voice_status",
    "voice_method",
    "sms_method",
    "caller_names",
)
VERIFIED_HELP = "a verified caller ID: a number that the app may use as its caller ID without owning it (repeatable)"
NUMBER_HELP = """a phone number of the app (TWILIO_PHONE_NUMBER); repeatable: the webhook options after it apply to it,
those before the first --number to all"""
PUBLIC_HELP = "the app's public URL, such as https://app.example: webhooks arrive as they do behind a tunnel"
LET_THROUGH_HELP = "a host other than Twilio's that the app may reach through the proxy (repeatable; * for all)"
ABOUT = "Twilio on your machine: signed webhooks, TwiML, the REST API and phones. Not affiliated with Twilio."


class AddNumber(argparse.Action):
    """--number: adds a number, or several that share their options. `numbers` holds each number with its options."""

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        options: dict[str, Any] = {}
        added = [(normalize_number(number), options) for number in str(values).split(",")]
        namespace.numbers = [*(namespace.numbers or []), *added]


class OfNumber(argparse.Action):
    """Sets an option for the latest --number; before the first --number, sets it for all numbers."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _option: str | None = None,
    ) -> None:
        value = True if self.nargs == 0 else values
        if namespace.numbers:
            namespace.numbers[-1][1][self.dest] = value
        else:
            setattr(namespace, self.dest, value)


class UsageError(Exception):
    """An option or a variable is missing or invalid. The message says what to do."""


def parser() -> argparse.ArgumentParser:
    """Returns the parser of `serve`, which runs the exchange, and `run … -- command`, which also runs an app."""
    root = argparse.ArgumentParser(prog="ringback", description=ABOUT)
    root.add_argument("--version", action="version", version=f"ringback {__version__}")
    commands = root.add_subparsers(required=True, dest="do", metavar="serve|run")
    account = "The account SID and auth token come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
    serve = commands.add_parser("serve", help="run the exchange", description=account)
    run = commands.add_parser(
        "run",
        help="run the exchange and a web app whose requests to api.twilio.com reach the exchange",
        description=f"{account} If they are not set, random values are generated. The app gets its port in PORT.",
    )
    for command in (serve, run):
        _add_options(command)
    run.add_argument("--let-through", action="append", default=[], metavar="HOST", help=LET_THROUGH_HELP)
    run.add_argument("command", nargs="+", help="after --: the command that starts the app, such as flask run")
    return root


def subcommands(root: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Returns the parsers of `serve` and `run`."""
    return next(action.choices for action in root._actions if isinstance(action, argparse._SubParsersAction))


def _add_options(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--config", metavar="FILE", help="a file with these options, without --, as keys (ringback.toml, if it exists)")
    add("--host", default="127.0.0.1", help="address to listen on (requires a password unless it is loopback)")
    add("--port", type=int, help="port to listen on; 0 chooses any free port (EXCHANGE_PORT, 8001)")
    add("--number", action=AddNumber, dest="numbers", metavar="NUMBER", help=NUMBER_HELP)
    add("--verified", action="append", default=[], metavar="NUMBER", help=VERIFIED_HELP)
    add("--app", help="the app's base URL, such as http://127.0.0.1:8000 (PUBLIC_URL)")
    add("--public", default="", help=PUBLIC_HELP)
    add("--voice", action=OfNumber, default="/voice", help="the app's webhook for calls: a path or a URL (%(default)s)")
    add("--sms", action=OfNumber, default="/sms", help="the app's webhook for text messages (%(default)s)")
    add("--voice-fallback", action=OfNumber, default="", help="the webhook for calls when --voice fails")
    add("--sms-fallback", action=OfNumber, default="", help="the webhook for text messages when --sms fails")
    add("--voice-status", action=OfNumber, default="", help="the status callback for the end of a call")
    add(
        "--voice-method",
        action=OfNumber,
        default="POST",
        choices=("GET", "POST"),
        help="HTTP method of --voice (%(default)s)",
    )
    add(
        "--sms-method",
        action=OfNumber,
        default="POST",
        choices=("GET", "POST"),
        help="HTTP method of --sms (%(default)s)",
    )
    add("--caller-names", action=OfNumber, nargs=0, default=False, help="send callers' names (VoiceCallerIdLookup)")
    add("--origin", default="", help="the public URL of this exchange, if it is not http://host:port")
    add("--allow-host", action="append", default=[], help="a further Host header to accept (repeatable)")
    add("--password", default="", help="password for all clients except REST clients (EXCHANGE_PASSWORD)")
    add("--link", action="append", default=[], metavar="NAME=URL", help="a further link on each page (repeatable)")
    add("--pace", type=float, default=1.0, help="length of speech: 1 is natural, 0 takes no time (%(default)s)")
    add("--delivery", type=float, default=0.2, help="seconds until sent, and from then until delivered (%(default)s)")
    add("--segments-a-second", type=float, default=0.0, help="limit per number; the excess is queued (0: no limit)")
    add("--calls-a-second", type=float, default=0.0, help="limit on calls from the app; the excess is queued (0: none)")
    add("--help-reply", default="", help="the carrier's reply to HELP (default: HELP goes to the app)")
    add("--fault", action="append", default=[], metavar="KIND,NAME=VALUE…", help="as in POST /faults (repeatable)")
    add("--seed", type=int, default=0, help="seed for random faults (%(default)s)")
