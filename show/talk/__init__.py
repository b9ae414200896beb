"""The talk: its file, the checks of the file, and the talk of the current app."""
