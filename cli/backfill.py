"""`flask backfill`: find webhooks that the app never received, and process them."""

import secrets
import sys
import time
from datetime import datetime

import click
from flask.cli import with_appcontext

import context
from cli.options import PAST_TIME, StoreCommand, print_outcome
from receiving.replay import missing_webhooks_backfill
from receiving.replay.missing_webhooks_backfill import MissingReport


@click.command(cls=StoreCommand)
@click.option("--since", type=PAST_TIME, default="1h", show_default=True, help="30m, 2h, 1d, or 2026-11-23T18:00")
@click.option("--until", type=PAST_TIME, default=0.0, help="same format; defaults to now")
@click.option("--submit", is_flag=True, help="process the missing webhooks, which also answers missed texts")
@with_appcontext
def backfill(since: float, until: float, submit: bool) -> None:
    """Compare Twilio's and GitHub's logs with the inbox. Without --submit, this changes nothing.

    Exits with 1 if a webhook is missing or could not be submitted, or if a log could not be read.
    """
    settings, store = context.settings(), context.store()
    logs = missing_webhooks_backfill.provider_logs(settings, store)
    report = missing_webhooks_backfill.find_missing(
        store, logs, since, until or time.time(), lambda words: click.echo(f"{words} …")
    )
    click.echo(report.summarize())
    for name, error in report.failed_logs.items():
        click.echo(f"{name}'s log could not be read: {error}.", err=True)
    if not submit:
        _list_missing(report)
        sys.exit(1 if report.missing or report.failed_logs else 0)
    has_failed = bool(report.failed_logs)
    for outcome in missing_webhooks_backfill.backfill(settings, report.missing, secrets.token_hex(6)):
        print_outcome(outcome)
        has_failed |= outcome.state == "failed"
    sys.exit(1 if has_failed else 0)


def _list_missing(report: MissingReport) -> None:
    for entry in report.missing:
        click.echo(f"{datetime.fromtimestamp(entry.sent_at).astimezone():%Y-%m-%d %H:%M:%S}  {entry.summary}")
    if report.missing:
        click.echo("To process them, add --submit.")
