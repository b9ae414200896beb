"""Webhooks submitted again: replay of stored requests, and backfill of those that never arrived."""
