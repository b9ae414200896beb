"""Receives webhooks: verification, deduplication, the inbox, diagnosis of rejected requests, replay and backfill."""
