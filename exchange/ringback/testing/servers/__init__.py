"""Servers for apps that run in the test process."""
