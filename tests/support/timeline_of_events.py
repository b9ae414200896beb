"""A timeline to which tests apply events."""

from events import Event
from stage.timeline import Timeline


class TimelineOfEvents:
    """A timeline to which events are applied, and a clock that a test advances."""

    def __init__(self):
        self.timeline, self.now, self.number = Timeline(), 1_700_000_000.0, 0

    def __call__(self, kind, story="SM1", after=0.0, **facts):
        self.now += after
        self.number += 1
        self.timeline.apply(Event(f"{self.number}-0", kind, story, self.now, facts))
        return self.timeline.entries.get(story)
