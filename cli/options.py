"""Helpers shared by several commands: how they report an outage, parse times and print outcomes."""

import re
import time
from datetime import datetime
from typing import Any

import click
import redis

import control_characters
from show.duration_format import format_duration
from workers.job_progress import Outcome

SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class StoreCommand(click.Command):
    """A command that reports an outage of the store in one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. If the store cannot be used, exit with status 1."""
        try:
            return super().invoke(ctx)
        except redis.RedisError as error:
            raise click.ClickException(f"The store at REDIS_URL cannot be used: {str(error).rstrip('.')}.") from None


class PastTime(click.ParamType):
    """Converts a duration before now, such as `30m`, an ISO 8601 time (local by default) or `all` to a Unix time."""

    name = "time"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the timestamp; `all` is 0. Fails with a usage error if the text is invalid."""
        if isinstance(value, float):
            return value
        if value == "all":
            return 0.0
        if ago := re.fullmatch(r"(\d{1,6})([smhd])", value):
            return time.time() - int(ago[1]) * SECONDS_PER_UNIT[ago[2]]
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError):
            self.fail("must be a time, such as 30m, 2h, 1d, all, or 2026-11-23T18:00", param, ctx)


PAST_TIME = PastTime()


def print_outcome(outcome: Outcome) -> None:
    """Print one line about one request."""
    status = str(outcome.status or "—")
    line = f"{status:>3}  {format_duration(outcome.seconds):>8}  {outcome.what}  {outcome.words}"
    click.echo(control_characters.escape(line))
