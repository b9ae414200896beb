"""The session cookie: its attributes, its signatures, and the session of requests that have no cookie."""

import time
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

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


class PatientSigner(TimestampSigner):
    """Accepts its own signatures from the future: clocks differ between machines, and may be set back."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        """Like TimestampSigner's method, which would report that such a signature has expired."""
        _, signed_at = super().unsign(signed_value, return_timestamp=True)
        is_ahead = signed_at.timestamp() > time.time()
        return super().unsign(signed_value, None if is_ahead else max_age, return_timestamp)  # type: ignore[call-overload]


class LazySessionInterface(SecureCookieSessionInterface):
    """Session interface of Flask that cheaply opens empty sessions for requests without cookies, such as webhooks."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the cookie, or an empty one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's serializer, with a PatientSigner."""
        serializer = super().get_signing_serializer(app)
        if serializer:
            serializer.signer = PatientSigner
        return serializer
