"""The stage: the page shown to the audience, and its event stream."""

from stage import downloads, screens, unfollow, views
from stage.blueprint import bp

__all__ = ["bp", "downloads", "screens", "unfollow", "views"]
