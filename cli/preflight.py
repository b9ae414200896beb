"""`flask preflight`: check everything that a talk needs."""

import sys

import click
from flask.cli import with_appcontext

import context
from presenter import preflight_checks as checks
from show import talk_file


@click.command()
@click.option(
    "--people",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="the size of the audience",
    envvar="PEOPLE",
)
@with_appcontext
def preflight(people: int) -> None:
    """Check the talk file, the account, the public URL, the store and the workers. Exits with 1 if anything is bad."""
    findings = checks.run(checks.Subject(context.settings(), context.store(), talk_file.current_talk(), people))
    for finding in findings:
        click.echo(f"{finding.status:<5}{finding.subject}: {finding.message}")
        if finding.fix:
            click.echo(f"     → {finding.fix}")
    bad = sum(finding.status == checks.BAD for finding in findings)
    click.echo(f"{bad} bad, {sum(finding.status == checks.WARN for finding in findings)} to look at")
    sys.exit(1 if bad else 0)
