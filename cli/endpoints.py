"""`flask endpoints`: list webhook endpoints and attempts, resend messages, pause and resume."""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup

import context
import control_characters
from api import operations
from api.operations import ResourceNotFound
from cli.options import PAST_TIME, StoreCommand
from sending.json_validation import ValidationError
from sending.webhooks import redelivery
from sending.webhooks.endpoints import stored_endpoints as webhook_endpoints
from sending.webhooks.endpoints.stored_endpoints import EndpointNotFound
from sending.webhooks.queue import delivery_queue
from sending.webhooks.redelivery import EndpointDisabled
from workers import job_progress
from workers.job_progress import Run

POLL_INTERVAL_SECONDS = 0.2


class EndpointsGroup(AppGroup):
    """A group whose commands print errors from the endpoint API, and outages, instead of a traceback."""

    def command(self, *args: Any, **options: Any) -> Any:
        """Like AppGroup.command, but the command is a StoreCommand."""
        return super().command(*args, cls=StoreCommand, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. If the endpoint API raises an error, exit with status 1."""
        try:
            return super().invoke(ctx)
        except (ResourceNotFound, EndpointNotFound, EndpointDisabled, ValidationError) as error:
            raise click.ClickException(str(error)) from None


endpoints = EndpointsGroup("endpoints", help="List webhook endpoints and attempts, resend messages, pause and resume.")


@endpoints.command("list")
def list_all() -> None:
    """List all endpoints."""
    rows = [
        (one.id, one.state, one.url, " ".join(one.event_types) or "everything", one.state_reason)
        for one in webhook_endpoints.load_all(context.store())
    ]
    _print_table(rows, "There are no endpoints.")


@endpoints.command()
@click.argument("id")
def attempts(id: str) -> None:
    """List the hundred newest delivery attempts for an endpoint."""
    rows = [
        (
            _format_time(one.time),
            one.message,
            one.event_type,
            f"attempt {one.attempt_number}",
            str(one.status or one.cause),
            f"{one.duration_ms:.0f} ms",
            "at the fallback URL" if one.used_fallback else "",
        )
        for one in delivery_queue.load_attempts(context.store(), operations.get_endpoint(id).id)
    ]
    _print_table(rows, "There were no attempts.")


@endpoints.command()
@click.argument("id")
def dead(id: str) -> None:
    """List the newest hundred dead letters: messages that have failed permanently."""
    count, letters = redelivery.load_dead_letters(context.store(), operations.get_endpoint(id).id)
    rows = [(_format_time(one.given_up_at), one.message, one.event_type) for one in letters]
    _print_table(rows, "There are no dead letters.")
    if count > len(rows):
        click.echo(f"and {count - len(rows):,} older ones")


@endpoints.command()
@click.argument("id")
@click.argument("message")
def resend(id: str, message: str) -> None:
    """Send one message again. MESSAGE is an id from the output of `attempts`."""
    if not redelivery.resend(context.store(), operations.get_endpoint(id).id, message):
        raise ResourceNotFound("That message is no longer stored.")
    click.echo(f"{message} will be sent again.")


@endpoints.command()
@click.argument("id")
@click.argument("event_type")
def example(id: str, event_type: str) -> None:
    """Send an example of EVENT_TYPE, such as text.received."""
    click.echo(f"{operations.send_example(id, event_type)} will be sent.")


@endpoints.command()
@click.argument("id")
@click.argument("since", type=PAST_TIME)
def recover(id: str, since: float) -> None:
    """Resend everything that has failed SINCE a time: 30m, 2h, 3d, all, or 2026-11-23T18:00.

    Prints progress until the worker has finished. Ctrl-C does not stop the worker.
    """
    run = operations.start_recovery(id, since)
    shown = ""
    while run.is_open:
        shown = _print_progress(run, shown)
        time.sleep(POLL_INTERVAL_SECONDS)
        run = job_progress.load(context.store(), run.id) or run
    _print_progress(run, shown)
    if run.state == "failed":
        raise click.ClickException(run.words)


@endpoints.command()
@click.argument("id")
def pause(id: str) -> None:
    """Stop sending to an endpoint. Its messages are kept."""
    click.echo(f"The endpoint is {webhook_endpoints.pause(context.store(), operations.get_endpoint(id).id).state}.")


@endpoints.command()
@click.argument("id")
def resume(id: str) -> None:
    """Resume sending to a paused or disabled endpoint."""
    click.echo(f"The endpoint is {webhook_endpoints.resume(context.store(), operations.get_endpoint(id).id).state}.")


def _print_progress(run: Run, shown: str) -> str:
    """Print a progress line if it differs from `shown`, the previous line. Return the line."""
    line = "waiting for a worker" if run.state == "waiting" else f"{run.done:,} of {run.total:,} will be sent again"
    if line != shown:
        click.echo(line)
    return line


def _format_time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S}"


def _print_table(rows: Iterable[tuple[str, ...]], if_empty: str) -> None:
    rows = [tuple(map(control_characters.escape, row)) for row in rows]
    if not rows:
        click.echo(if_empty)
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
