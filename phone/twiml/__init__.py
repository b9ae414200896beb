"""The TwiML documents that callers get."""
