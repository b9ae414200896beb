"""Drawings whose geometry is computed on the server."""
