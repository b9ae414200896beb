"""`flask raffle`: verify the receipt of a draw."""

import json
from typing import BinaryIO

import click
from flask.cli import AppGroup

import control_characters
from show import raffle_receipt
from show.raffle_receipt import InvalidReceipt

MAX_RECEIPT_BYTES = 10_000_000

raffle = AppGroup("raffle", help="Verify the receipt of a raffle.")


@raffle.command(with_appcontext=False)
@click.argument("file", type=click.File("rb"))
@click.option("--commitment", default="", help="the commitment that was shown before the raffle opened")
def verify(file: BinaryIO, commitment: str) -> None:
    """Recompute the draw from the receipt in FILE. Exits with 1 if any part of the receipt is wrong."""
    try:
        found = raffle_receipt.verify(json.loads(file.read(MAX_RECEIPT_BYTES)))
    except InvalidReceipt as error:
        raise click.ClickException(f"The receipt is not valid. {control_characters.escape(str(error))}") from None
    except (ValueError, RecursionError):
        raise click.ClickException("The receipt is not valid. It is not a JSON file.") from None
    if commitment and commitment.strip().lower() != found.commitment:
        raise click.ClickException("The receipt is not valid. Its commitment is not the one that was shown.")
    click.echo(f"The receipt is valid. {control_characters.escape(found.winner)} won among {len(found.entries):,}.")
    if not commitment:
        click.echo(f"Compare its commitment with the one that was shown: {found.commitment}")
