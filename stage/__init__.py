"""What the audience sees: the stage page and its event stream."""

from stage import unfollow, views
from stage.blueprint import bp

__all__ = ["bp", "unfollow", "views"]
