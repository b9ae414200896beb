"""The presenter's login page, and logout."""

import redis
from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from presenter import auth
from presenter.auth import TooManyLoginAttempts
from presenter.blueprint import bp
from stage.views import requested_theme


@bp.route("/present/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """The login form, and its password check."""
    if request.method == "GET":
        return redirect(url_for("presenter.console"), 303) if auth.is_logged_in() else _login_page()
    auth.check_csrf_token()
    try:
        if auth.log_in(request.form.get("password", "")):
            return redirect(url_for("presenter.console"), 303)
    except TooManyLoginAttempts as error:
        return Response(_login_page(str(error)), 429, {"Retry-After": str(error.retry_after_seconds)})
    except redis.RedisError:
        return _login_page("Redis is not responding, so login attempts cannot be counted. Start Redis and retry."), 503
    return _login_page("Wrong password."), 403


@bp.post("/present/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    auth.check_csrf_token()
    auth.log_out()
    return redirect(url_for("presenter.login"), 303)


def _login_page(error: str = "") -> str:
    return render_template("presenter/login.html", csrf_token=auth.csrf_token(), error=error, theme=requested_theme())
