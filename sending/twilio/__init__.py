"""Texts and calls through Twilio's REST API: https://www.twilio.com/docs/usage/api."""
