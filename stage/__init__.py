"""What the room sees, and what the presenter drives. The app registers `stage.bp`."""

from stage import catalogue, health, pages, present
from stage.room import bp

__all__ = ["bp", "catalogue", "health", "pages", "present"]
