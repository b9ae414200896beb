"""Hostile and unusual HTTP requests to the app."""
