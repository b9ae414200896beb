"""Webhooks to the app, sent as Twilio sends them."""
