"""The work that is in progress, for the scene `slow`."""
