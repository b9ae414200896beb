"""Servers for apps in the process of the tests."""
