"""The current app's settings, store and queues, following https://flask.palletsprojects.com/en/stable/tutorial/database/."""

import redis
from flask import Flask, current_app
from flask.sansio.app import App

from config import Settings
from store import Store
from workers.queues import Queues


def init_app(app: Flask, settings: Settings, client: redis.Redis) -> None:
    """Attach settings, Redis client and queues to the app."""
    app.extensions |= {"settings": settings, "redis": client, "queues": Queues(client)}


def settings(app: App = current_app) -> Settings:
    """Return the settings of this app. Pass an app that is still being created: it is not current_app yet."""
    found: Settings = app.extensions["settings"]
    return found


def store() -> Store:
    """Return the current app's Redis client."""
    found: Store = current_app.extensions["redis"]
    return found


def queues() -> Queues:
    """Return the current app's queues."""
    found: Queues = current_app.extensions["queues"]
    return found
