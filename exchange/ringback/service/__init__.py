"""Shared services of the exchange: clock, settings, error codes, debugger, faults, live feed and bounded storage."""
