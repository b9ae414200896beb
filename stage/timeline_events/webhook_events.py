"""Webhooks and webhook endpoints on the timeline."""

from events import Event
from show.sanitize import parse_number, sanitize
from stage.timeline_entry import TimelineEntry
from stage.timeline_events.registry import handles

AN_ENDPOINT = "an endpoint"  # its host may be secret
ENDPOINT_LABELS = {
    "endpoint.created": "receives our webhooks",
    "endpoint.updated": "changed its settings",
    "endpoint.rotated": "has a new signing key",
    "endpoint.paused": "is paused",
    "endpoint.resumed": "receives our webhooks again",
    "endpoint.deleted": "was deleted",
}


@handles("webhook.received")
def _webhook_received(entry: TimelineEntry, event: Event) -> None:
    entry.channel, entry.status = "webhook", "received"
    entry.who = sanitize(event.data.get("provider"), 40)
    entry.request, entry.answer = sanitize(event.data.get("event"), 60), sanitize(event.data.get("summary"))
    entry.add_step(event, "received")


@handles("webhook.delivered")
def _webhook_delivered(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, "webhook sent", "success")


@handles("webhook.failed")
def _webhook_failed(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, f"webhook: {_failure_reason(event)}, will retry", "waiting")


@handles("webhook.dead")
def _webhook_dead(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, f"webhook: {_failure_reason(event)}, given up", "failed")


@handles("endpoint.disabled")
def _endpoint_disabled(entry: TimelineEntry, event: Event) -> None:
    _add_webhook_step(entry, event, "disabled", "failed")


@handles("endpoint.created")
@handles("endpoint.updated")
@handles("endpoint.rotated")
@handles("endpoint.paused")
@handles("endpoint.resumed")
@handles("endpoint.deleted")
def _endpoint_changed(entry: TimelineEntry, event: Event) -> None:
    entry.who = AN_ENDPOINT
    entry.answer = ENDPOINT_LABELS[event.type]
    _add_webhook_step(entry, event, entry.answer, "waiting" if event.type == "endpoint.paused" else "success")


def _add_webhook_step(entry: TimelineEntry, event: Event, text: str, status: str) -> None:
    """Add an outgoing webhook's outcome to the entry that the webhook reports, or to an entry of its own."""
    if entry.id == (event.subject or event.id):
        entry.channel, entry.status = "webhook", status
        entry.who = entry.who or AN_ENDPOINT
    else:  # with several endpoints, only the latest outcome is shown
        entry.steps = [step for step in entry.steps if step.type not in ("webhook.delivered", "webhook.failed")]
    entry.add_step(event, text, status)


def _failure_reason(event: Event) -> str:
    status = parse_number(event.data.get("status"))
    return f"status {status:.0f}" if status else sanitize(event.data.get("cause"), 20) or "no response"
