"""The health checks and the presenter pages: dashboard, rejected requests, backfill and replay, webhook endpoints."""

from presenter import dashboard, endpoints, health, rejected, replay_and_backfill, talk
from presenter.blueprint import bp
from presenter.preflight import page as preflight_page

__all__ = ["bp", "dashboard", "endpoints", "health", "preflight_page", "rejected", "replay_and_backfill", "talk"]
