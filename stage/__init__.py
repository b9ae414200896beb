"""What the room sees, and what the presenter drives. The app registers `stage.bp`."""

from stage import health, pages, present
from stage.room import bp

__all__ = ["bp", "health", "pages", "present"]
