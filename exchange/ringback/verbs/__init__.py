"""TwiML verbs, one function per file. See registry.py."""
