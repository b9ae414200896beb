"""The TwiML documents that callers get. Most contain a document number, which reveals a late fetch of an old one."""
