"""The health page: the state of the processes, and the recent deliveries, answers and rejected requests."""

from dataclasses import dataclass
from typing import Any

import redis
from flask import render_template

import context
from masking import mask_field
from presenter import csrf, health_checks
from presenter.blueprint import bp
from presenter.login import login_required
from receiving import rejected_requests, stored_requests
from receiving.delivery import Delivery
from sending import pacing, text_circuit_breaker
from show.sanitize import sanitize
from stage.blueprint import get_event_stream, get_page_store
from stage.phone_number_format import country_of, format_phone_number
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme

MAX_ROWS = 12  # in each list
MAX_VALUE_CHARACTERS = 200


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery as displayed; phone numbers are masked. `reason` says why it was rejected; "" if it was not."""

    id: str
    received_at: float
    request_line: str
    who: str
    fields: list[tuple[str, str]]
    reason: str = ""


@dataclass(frozen=True)
class SenderRow:
    """An address of ours: its country, its rate in segments per second, and the number of texts waiting for it."""

    address: str
    country: str
    rate: int
    waiting: int


@bp.get("/present/health")
@login_required
def health_page() -> str:
    """The page; its script refreshes the live part from `/present/health/fragment`."""
    return render_template(
        "presenter/health.html", csrf_token=csrf.token(), theme=requested_theme(), **_template_values()
    )


@bp.get("/present/health/fragment")
def health_fragment() -> str | tuple[str, int]:
    """The live part of the page; 403 unless logged in."""
    if not is_logged_in():
        return "", 403
    return render_template("presenter/_health.html", **_template_values())


def _template_values() -> dict[str, Any]:
    values: dict[str, Any] = {"health": health_checks.check_health()}
    client, stream = get_page_store(), get_event_stream()
    try:
        stream.catch_up()
        values["stop_reason"] = text_circuit_breaker.stop_reason(client)
        values["waiting_texts"] = pacing.count_waiting(client)
        values["senders"] = _sender_rows(pacing.count_waiting_by_sender(client))
        values["deliveries"] = [
            _delivery_row(id, delivery) for id, delivery, _ in stored_requests.latest(client, MAX_ROWS)
        ]
        values["rejected"] = [
            _delivery_row(id, delivery, mistake.explanation)
            for id, delivery, mistake in rejected_requests.latest(client, MAX_ROWS)
        ]
    except redis.RedisError:
        values["health"] = health_checks.Health(False)
    timeline = stream.timeline
    return values | {
        "entries": timeline.visible_entries()[:MAX_ROWS],
        "awaiting_answer": timeline.entries_awaiting_answer()[:MAX_ROWS],
    }


def _sender_rows(waiting: dict[str, int]) -> list[SenderRow]:
    """Our numbers, and the other addresses from which texts were sent recently."""
    settings = context.settings()
    listed = [settings.sender_for(number) for number in settings.twilio_phone_number]
    addresses = [(sender, sender or settings.default_number) for sender in dict.fromkeys([*listed, *waiting])]
    return [
        SenderRow(
            format_phone_number(address), country_of(address), settings.sender_rate(sender), waiting.get(sender, 0)
        )
        for sender, address in addresses
    ]


def _delivery_row(id: str, delivery: Delivery, reason: str = "") -> DeliveryRow:
    params = {name: mask_field(value) for name, value in delivery.params.items()}
    shown = params or {"body": delivery.body.decode("utf-8", "replace")}
    fields = [(sanitize(name, 60), sanitize(value, MAX_VALUE_CHARACTERS)) for name, value in shown.items() if value]
    request_line = sanitize(f"{delivery.method} {delivery.redacted_path}", 80)
    who = sanitize(delivery["From"], 40)
    return DeliveryRow(id, delivery.received_at, request_line, who, fields, sanitize(reason))
