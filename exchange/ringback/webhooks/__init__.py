"""Sends webhooks to the app as Twilio does."""
