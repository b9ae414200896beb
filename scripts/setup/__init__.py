"""Installs what the demo and the tests need, after checking that the demo can start."""
