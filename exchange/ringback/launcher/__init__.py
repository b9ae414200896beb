"""`ringback run`: starts the exchange and an app whose requests to Twilio reach the exchange."""
