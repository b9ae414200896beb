"""Checks the credentials of a REST API request: the auth token, the test credentials or an API key.

https://www.twilio.com/docs/usage/requests-to-twilio (2026-11)"""

from __future__ import annotations

import hmac

from aiohttp import web

from ringback.rest.errors import RestError, not_found
from ringback.state import State
from ringback.web.basic_auth import parse_basic_auth


def authenticated_account(state: State, request: web.Request) -> str:
    """The account SID of the credentials. Raises RestError if they are wrong or belong to another account."""
    user, password = parse_basic_auth(request.headers.get("Authorization", "")) or ("", "")
    account, secret = _account_and_secret(state, user)
    if not secret or not hmac.compare_digest(password.encode(), secret.encode()):
        raise RestError(20003)
    if request.match_info.get("account", account) != account:
        raise not_found(request.path)
    return account


def _account_and_secret(state: State, user: str) -> tuple[str, str]:
    """The account and secret of `user`: an account SID, the test credentials' SID or an API key's SID.

    The secret is "" if the user is unknown."""
    settings = state.settings
    if user == settings.account_sid:
        return user, settings.auth_token
    if settings.test_credentials and user == settings.test_credentials[0]:
        return settings.test_credentials
    return settings.account_sid, _secret_of_key(state, user)


def _secret_of_key(state: State, user: str) -> str:
    key = state.keys.get(user)
    return key.secret if key else ""
