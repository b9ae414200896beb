"""People who use the app through the exchange, and a demo whose parts can be made to fail."""
