"""The TwiML documents that callers get. Most contain their number, so that a late fetch of an old one is recognized."""
