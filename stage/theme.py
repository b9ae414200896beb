"""The color theme that a page's URL asks for."""

from flask import request

THEMES = ("dark", "light")


def requested_theme() -> str:
    """`dark` or `light` if `?theme=` asks for it; otherwise "", so that the system setting applies."""
    theme = request.args.get("theme", "")
    return theme if theme in THEMES else ""
