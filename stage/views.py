"""The stage page, and the endpoint for its event stream."""

import re

import phonenumbers
import redis
from flask import Response, render_template, request

import context
from stage.blueprint import bp, get_event_stream
from stage.event_stream import TooManyViewers

EVENT_ID_PATTERN = re.compile(r"\d{1,18}(-\d{1,18})?")
THEMES = ("dark", "light")
STREAM_HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # otherwise nginx buffers the events
}


@bp.get("/")
def stage() -> str:
    """The stage page, with the visible entries already rendered."""
    stream = get_event_stream()
    try:
        stream.catch_up()
        is_store_up = True
    except redis.RedisError:
        is_store_up = False
    # The id is read before the entries are rendered, so that an event in between is sent again rather than lost.
    last_event_id, entries = stream.timeline.last_event_id, stream.render_entries()
    number = context.settings().twilio_phone_number
    spoken_number = format_phone_number(number)
    return render_template(
        "stage/stage.html",
        timeline=stream.timeline,
        last_event_id=last_event_id,
        entries=entries,
        is_store_up=is_store_up,
        number=number,
        spoken_number=spoken_number,
        number_width=sum(28 if char == " " else 57 for char in spoken_number),  # in px, at a font size of 100 px
        theme=requested_theme(),
    )


@bp.get("/events")
def stream() -> Response | tuple[str, int, dict[str, str]]:
    """Server-sent events after the id in `Last-Event-ID` or `?last=`; without an id, only new events."""
    last_event_id = request.headers.get("Last-Event-ID") or request.args.get("last", "")
    if last_event_id and not EVENT_ID_PATTERN.fullmatch(last_event_id):
        return _text_error("`last` must be an event id, such as 1700000000000-0.", 400)
    event_stream = get_event_stream()
    try:
        viewer, chunks = event_stream.add_viewer(last_event_id, request.environ.get("gunicorn.socket"))
    except TooManyViewers:
        return _text_error("The stage has reached its maximum number of viewers. Try again in a minute.", 503)
    except redis.RedisError:
        return _text_error("Redis is not responding. Try again in a few seconds.", 503)
    response = Response(chunks, mimetype="text/event-stream", headers=STREAM_HEADERS)
    response.call_on_close(lambda: event_stream.remove_viewer(viewer))
    return response


def requested_theme() -> str:
    """`dark` or `light` if `?theme=` asks for it; otherwise "", so that the system setting applies."""
    theme = request.args.get("theme", "")
    return theme if theme in THEMES else ""


def format_phone_number(number: str) -> str:
    """The number in international format, such as `+44 7700 900100`."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def _text_error(sentence: str, status: int) -> tuple[str, int, dict[str, str]]:
    return f"{sentence}\n", status, {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "5"}
