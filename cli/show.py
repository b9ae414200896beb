"""`flask show export`: what the audience has contributed, as CSV or JSON."""

import json

import click
from flask.cli import with_appcontext

import context
from cli.options import StoreCommand
from show import talk_file
from show.privacy import export as export_module


@click.group()
def show() -> None:
    """The talk and what the audience has contributed."""


@show.command(cls=StoreCommand)
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--numbers", is_flag=True, help="Include the phone numbers that have not been purged.")
@with_appcontext
def export(form: str, numbers: bool) -> None:
    """Print all contributions, scene by scene, without phone numbers."""
    settings = context.settings() if numbers else None
    rows = export_module.list_rows(context.store(), talk_file.current_talk(), settings)
    if form == "csv":
        click.echo(export_module.as_csv(rows, numbers), nl=False)
    else:
        click.echo(json.dumps(export_module.as_dicts(rows, numbers), ensure_ascii=False, indent=2))
