"""Replay of stored requests, and backfill of webhooks that providers sent but the app did not receive."""
