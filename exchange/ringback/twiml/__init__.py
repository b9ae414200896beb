"""Parses, validates and runs TwiML documents."""
