"""The TwiML documents that callers get. Most contain a document number, so that a late fetch is recognized."""
