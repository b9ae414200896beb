"""The health checks and the presenter pages: console, health, rejected requests, backfill and replay, endpoints."""

from presenter import (
    audit_page,
    health_checks,
    health_page,
    login,
    preflight_page,
    privacy_page,
    rejected_requests_page,
    replay_and_backfill_page,
)
from presenter.blueprint import bp
from presenter.console import console_actions, console_page
from presenter.endpoints import endpoint_actions, endpoints_page

__all__ = [
    "audit_page",
    "bp",
    "console_actions",
    "console_page",
    "endpoint_actions",
    "endpoints_page",
    "health_checks",
    "health_page",
    "login",
    "preflight_page",
    "privacy_page",
    "rejected_requests_page",
    "replay_and_backfill_page",
]
