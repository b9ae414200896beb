"""The current app's settings, store and queues: https://flask.palletsprojects.com/en/stable/tutorial/database/."""

import redis
from flask import Flask, current_app
from flask.sansio.app import App

from config import Settings
from store import Store
from workers.queues import Queues


def init_app(app: Flask, settings: Settings, client: redis.Redis) -> None:
    """Attach these settings and this store to the app, and queues on that store."""
    app.extensions |= {"settings": settings, "redis": client, "queues": Queues(client)}


def settings(app: App = current_app) -> Settings:
    """The app's settings. Pass the app while it is being made, when there is no current one."""
    found: Settings = app.extensions["settings"]
    return found


def store() -> Store:
    """The current app's Redis client."""
    found: Store = current_app.extensions["redis"]
    return found


def queues() -> Queues:
    """The current app's queues."""
    found: Queues = current_app.extensions["queues"]
    return found
