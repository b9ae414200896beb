"""`flask talk`: check a talk file."""

import os
from pathlib import Path

import click
from flask.cli import AppGroup

import control_characters
from phone.commands import command_words
from show import talk_file
from show.talk_file import TalkError

talk = AppGroup("talk", help="Check a talk file.")


@talk.command(with_appcontext=False)
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
def check(path: Path | None) -> None:
    """Check the talk file at PATH; by default the one that TALK selects. Exits with 1 if it has errors."""
    try:
        found = talk_file.load_talk(str(path) if path else os.environ.get("TALK", ""), command_words())
    except TalkError as error:
        raise click.ClickException("\n".join(map(control_characters.escape, str(error).splitlines()))) from None
    click.echo(f"{control_characters.escape(found.title)}: {len(found.scenes)} scenes, no errors.")
