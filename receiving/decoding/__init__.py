"""Decodes bodies that are neither JSON nor URL-encoded forms in UTF-8: emails, and text in other character sets."""
