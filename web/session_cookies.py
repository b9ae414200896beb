"""The session cookie: its attributes, its signing keys, and the session of requests that have no cookie."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

import config


def init_app(app: Flask, settings: config.Settings) -> None:
    """Sign sessions with the newest SECRET_KEY, accept older keys' signatures, and set the cookie's attributes."""
    app.config.update(
        SECRET_KEY=str(settings.secret_key[0]),
        SECRET_KEY_FALLBACKS=[str(key) for key in settings.secret_key[1:]],
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.is_public_https,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = LazySessionInterface()


class LazySessionInterface(SecureCookieSessionInterface):
    """Session interface of Flask that cheaply opens empty sessions for requests without cookies, such as webhooks."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the cookie, or an empty one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()
