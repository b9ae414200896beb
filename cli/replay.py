"""`flask replay`: process stored requests again."""

import secrets
import sys
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

import context
from cli.options import PAST_TIME, StoreCommand, print_outcome
from receiving import stored_requests
from receiving.replay.replay import MAX_REQUESTS_PER_RUN, ReplayRequest, StoredRequests, select
from receiving.replay.replay import replay as replay_requests

EPILOG = (
    "A request that has already been processed has no effect and gets its stored response, unless --force is given."
)


@click.command(cls=StoreCommand, epilog=EPILOG)
@click.argument("ids", nargs=-1)
@click.option("--since", type=PAST_TIME, help="30m, 2h, 1d, or a time such as 2026-11-23T18:00")
@click.option("--until", type=PAST_TIME, default=0.0, help="same format; defaults to now")
@click.option("--from", "source", default="", help="sms, voice, twilio (sms and voice), github, stripe, …")
@click.option("--original", is_flag=True, help="keep the original signature, however old, instead of re-signing")
@click.option("--force", is_flag=True, help="process requests again even if they have already been processed")
@click.option("--show", is_flag=True, help="only list the requests")
@with_appcontext
def replay(
    ids: tuple[str, ...], since: float | None, until: float, source: str, original: bool, force: bool, show: bool
) -> None:
    """Send stored requests to the running app again: those with the given IDS, or those from a period.

    Exits with 1 if a request failed, or with 2 if no request matched.
    """
    if not ids and since is None:
        raise click.UsageError("Pass ids, or --since 1h.")
    request = ReplayRequest(ids, since or 0.0, until, source, not original, force)
    chosen = select(context.store(), request)
    if not chosen:
        raise click.UsageError("No stored request matches. To list all of them: flask replay --since 3d --show")
    if show:
        return _list_requests(chosen)
    has_failed = False
    for outcome in replay_requests(context.settings(), chosen, request, secrets.token_hex(6)):
        print_outcome(outcome)
        has_failed |= outcome.state == "failed"
    sys.exit(1 if has_failed else 0)


def _list_requests(chosen: StoredRequests) -> None:
    for id, delivery in chosen:
        time = f"{datetime.fromtimestamp(int(id.partition('-')[0]) / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
        if delivery is None:
            click.echo(f"{id}  {time}  only partly stored")
            continue
        mark = f"  ({delivery.replay_mark.partition(' ')[0]})" if delivery.replay_mark else ""
        click.echo(
            f"{id}  {time}  {stored_requests.source_of(delivery):10} {delivery.method} {delivery.redacted_path}{mark}"
        )
    limit = f" (one run replays at most {MAX_REQUESTS_PER_RUN})" if len(chosen) == MAX_REQUESTS_PER_RUN else ""
    click.echo(f"{len(chosen)} in total{limit}")
