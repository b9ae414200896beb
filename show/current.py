"""The current app's talk."""

from pathlib import Path

from flask import Flask, current_app

from config import Settings
from show import talk as talk_file
from show.talk import Talk


def init_app(app: Flask, settings: Settings) -> None:
    """Read the talk file. Raises TalkError."""
    app.extensions["talk"] = talk_file.load(Path(settings.talk) if settings.talk else talk_file.DEFAULT_PATH)


def talk() -> Talk:
    """Return the current app's talk."""
    found: Talk = current_app.extensions["talk"]
    return found
