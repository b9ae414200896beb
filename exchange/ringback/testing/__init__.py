"""Helpers for tests of apps that run on Ringback: waiting, free ports, a clock that tests move."""
