"""A local telephone exchange that emulates Twilio: signed webhooks, TwiML, the REST API, and phones in the browser."""

__version__ = "0.1.0"
