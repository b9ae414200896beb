"""The lanes of the `timeline` scene: which calls and texts are shown, and what is shown of each."""
