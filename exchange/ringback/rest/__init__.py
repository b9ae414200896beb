"""Twilio's REST APIs: one module per resource."""
