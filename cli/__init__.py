"""The app's commands: `flask replay`, `flask backfill`, `flask endpoints`, `flask preflight`, `flask reencrypt`."""

from flask import Flask

from cli.backfill import backfill
from cli.endpoints import endpoints
from cli.preflight import preflight
from cli.reencrypt import reencrypt
from cli.replay import replay


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in (backfill, endpoints, preflight, reencrypt, replay):
        app.cli.add_command(command)
