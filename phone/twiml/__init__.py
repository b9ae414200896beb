"""The TwiML documents that callers get. Most contain a document number, by which a late fetch of an old one is recognized."""
