"""The options of one phone number: those that follow its --number on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from ringback.account.phone_numbers import normalize_number

OF_A_NUMBER = (
    "voice",
    "sms",
    "voice_fallback",
    "sms_fallback",
    "voice_status",
    "voice_method",
    "sms_method",
    "caller_names",
)


class AddNumber(argparse.Action):
    """--number: adds a number, or several that share their options. `numbers` holds each with its options."""

    def __call__(
        self, _parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, _option: str | None = None
    ) -> None:
        options: dict[str, Any] = {}
        added = [(normalize_number(number), options) for number in str(values).split(",")]
        namespace.numbers = [*(namespace.numbers or []), *added]


class OfNumber(argparse.Action):
    """Sets an option of the latest --number; before the first one, the option of all numbers."""

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
