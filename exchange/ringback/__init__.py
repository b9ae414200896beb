"""A local telephone exchange that stands in for Twilio: signed webhooks out, TwiML in, REST, phones in the browser."""
