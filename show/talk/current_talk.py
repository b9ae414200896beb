"""The current app's talk."""

from collections.abc import Collection
from pathlib import Path

from flask import Flask, current_app

from config import Settings
from show.talk import talk_file
from show.talk.talk_file import Talk


def init_app(app: Flask, settings: Settings, command_words: Collection[str]) -> None:
    """Read the talk file, and attach the talk to the app. Raises TalkError."""
    app.extensions["talk"] = load_talk(settings.talk, command_words)


def load_talk(path: str, command_words: Collection[str]) -> Talk:
    """Read the talk file at this path, or the one of this repository for "". Raises TalkError."""
    return talk_file.load(Path(path) if path else talk_file.DEFAULT_PATH, command_words)


def talk() -> Talk:
    """Return the current app's talk."""
    found: Talk = current_app.extensions["talk"]
    return found
