"""The presenter pages: dashboard, rejected requests, backfill and replay, webhook endpoints; and the health checks."""

from presenter import dashboard, endpoints, health, rejected, replay
from presenter.blueprint import bp

__all__ = ["bp", "dashboard", "endpoints", "health", "rejected", "replay"]
