"""What the room sees, and what the presenter drives. The app registers `stage.bp`."""

from stage import by_hand, catalogue, health, missed, pages, present, refusals, unfollow
from stage.room import bp

__all__ = ["bp", "by_hand", "catalogue", "health", "missed", "pages", "present", "refusals", "unfollow"]
