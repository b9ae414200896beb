"""The stage itself and its stream of events."""

import re

import phonenumbers
import redis
from flask import Response, current_app, render_template, request

from stage.blueprint import bp, get_event_stream
from stage.event_stream import TooManyViewers

EVENT_ID_PATTERN = re.compile(r"\d{1,18}(-\d{1,18})?")
THEMES = ("dark", "light")
STREAM_HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx and its kin would collect events until a buffer is full
}


@bp.get("/")
def stage() -> str:
    """The page for the room, already drawn."""
    shown = get_event_stream()
    try:
        shown.catch_up()
        answers = True
    except redis.RedisError:
        answers = False
    last, stories = shown.board.last, shown.stories()
    number = current_app.extensions["settings"].twilio_phone_number
    return render_template(
        "stage/stage.html",
        board=shown.board,
        last=last,
        stories=stories,
        store_answers=answers,
        number=number,
        spoken_number=format_phone_number(number),
        number_width=sum(
            28 if char == " " else 57 for char in format_phone_number(number)
        ),  # at 100 px, in most bold fonts
        theme=requested_theme(),
    )


@bp.get("/events")
def stream() -> Response | tuple[str, int, dict[str, str]]:
    """Server-sent events from the one after `Last-Event-ID` or `?last=`, else from now on."""
    last = request.headers.get("Last-Event-ID") or request.args.get("last", "")
    if last and not EVENT_ID_PATTERN.fullmatch(last):
        return _text_error("`last` must be the id of an event, such as 1700000000000-0.", 400)
    shown = get_event_stream()
    try:
        viewer, chunks = shown.join(last, request.environ.get("gunicorn.socket"))
    except TooManyViewers:
        return _text_error("As many screens as this stage can serve are watching it. Try again in a minute.", 503)
    except redis.RedisError:
        return _text_error("The store does not answer, so there is nothing to show. Try again in a few seconds.", 503)
    response = Response(chunks, mimetype="text/event-stream", headers=STREAM_HEADERS)
    response.call_on_close(lambda: shown.leave(viewer))
    return response


def requested_theme() -> str:
    """`dark` or `light` when the address asks for one, else "" and the screen's own setting decides."""
    wanted = request.args.get("theme", "")
    return wanted if wanted in THEMES else ""


def format_phone_number(number: str) -> str:
    """The number in groups, as its country writes it: `+44 7700 900100`."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def _text_error(sentence: str, status: int) -> tuple[str, int, dict[str, str]]:
    return f"{sentence}\n", status, {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "5"}
