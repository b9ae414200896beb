"""The commands: `flask replay`, `backfill`, `endpoints`, `preflight`, `raffle`, `reencrypt`, `show` and `talk`."""

from flask import Flask

from cli.backfill import backfill
from cli.endpoints import endpoints
from cli.preflight import preflight
from cli.raffle import raffle
from cli.reencrypt import reencrypt
from cli.replay import replay
from cli.show import show
from cli.talk import talk


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in (backfill, endpoints, preflight, raffle, reencrypt, replay, show, talk):
        app.cli.add_command(command)
