"""What the presenter uses: dashboard, rejected requests, replay and backfill, webhook endpoints, health."""

from presenter import dashboard, endpoints, health, rejected, replay
from presenter.blueprint import bp

__all__ = ["bp", "dashboard", "endpoints", "health", "rejected", "replay"]
