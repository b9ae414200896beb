"""Runs the processes of the demo and of the live number under supervisord."""
