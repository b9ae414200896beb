"""Parses and checks the settings that config.py reads."""
