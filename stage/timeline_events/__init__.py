"""The effect of each event type on its timeline entry: one module for each kind of event."""

from stage.timeline_events import answer_events, call_events, text_events, webhook_events
from stage.timeline_events.registry import HANDLERS, apply_event

__all__ = ["HANDLERS", "answer_events", "apply_event", "call_events", "text_events", "webhook_events"]
