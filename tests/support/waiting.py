"""Waiting for a condition, as Ringback's tests do."""

from ringback.testing.waiting import LIMIT_SECONDS, eventually

__all__ = ["LIMIT_SECONDS", "eventually"]
