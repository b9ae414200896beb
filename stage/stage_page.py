"""The stage page, and the endpoint for its event stream."""

import redis
from flask import Response, abort, render_template, request

import context
from show import talk_file
from stage.blueprint import bp, get_event_stream
from stage.event_stream import CONSOLE
from stage.phone_number_format import format_phone_number
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme
from stage.viewers import TooManyViewers

STREAM_HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # otherwise nginx buffers the events
}


@bp.get("/")
def stage() -> str | tuple[str, int]:
    """The stage page, with the current scene already rendered. `?scene=N` fixes the scene, for the presenter only."""
    position = _requested_position()
    try:
        html = get_event_stream().snapshot(position).html
        is_store_up = True
    except redis.RedisError:
        html, is_store_up = "", False
    return render_template(
        "stage/stage.html",
        html=html,
        position=position,
        is_store_up=is_store_up,
        is_presenter=is_logged_in(),
        spoken_number=format_phone_number(context.settings().default_number),
        title=talk_file.current_talk().title,
        theme=requested_theme(),
    )


@bp.get("/events")
def stream() -> Response | tuple[str, int, dict[str, str]]:
    """Server-sent events: the current scene whenever it changes, and a heartbeat."""
    event_stream, position = get_event_stream(), _requested_position(has_console=True)
    if request.method == "HEAD":  # its connection may carry further requests, so no viewer may wait on the socket
        return Response(mimetype="text/event-stream", headers=STREAM_HEADERS)
    try:
        viewer, chunks = event_stream.add_viewer(position, request.environ.get("gunicorn.socket"))
    except TooManyViewers:
        return _text_error("The stage has reached its maximum number of viewers. Try again in a minute.", 503)
    except redis.RedisError:
        return _text_error("Redis is not responding. Try again in a few seconds.", 503)
    response = Response(chunks, mimetype="text/event-stream", headers=STREAM_HEADERS)
    response.call_on_close(lambda: event_stream.remove_viewer(viewer))
    return response


def _requested_position(has_console: bool = False) -> int:
    """The position in `?scene=N`, counted from 1, or 0 without it; with `has_console`, CONSOLE for `?scene=console`.

    Aborts with 403 if there is a `scene` but no presenter's session.
    """
    text = request.args.get("scene", "")
    if not text:
        return 0
    if not is_logged_in():
        abort(403, "Log in at /present to see a scene that is not the current one.")
    if has_console and text == "console":
        return CONSOLE
    count = len(talk_file.current_talk().scenes)
    if not text.isdecimal() or len(text) > 3 or not 0 < int(text) <= count:
        abort(404, f"There is no scene {text[:20]}: the talk has {count}.")
    return int(text)


def _text_error(sentence: str, status: int) -> tuple[str, int, dict[str, str]]:
    return f"{sentence}\n", status, {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "5"}
