"""Callers who wait in line to talk with the presenter on stage."""
