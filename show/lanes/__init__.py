"""The lanes of the scene `timeline`: which calls and texts are shown, and what of each."""
