"""The stage: the page shown to the audience, and its event stream."""

from stage import downloads, screens, stage_page, unfollow
from stage.blueprint import bp

__all__ = ["bp", "downloads", "screens", "stage_page", "unfollow"]
