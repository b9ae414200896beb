"""TwiML's verbs, each a function in a file of its own. See registry.py."""
