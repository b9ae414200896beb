"""Calls, their audio and lifecycle, conferences and queues."""
