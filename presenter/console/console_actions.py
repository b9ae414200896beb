"""The presenter's actions on the talk, through a form or as JSON, at `/present/talk`."""

import logging
from collections.abc import Callable

import redis
from flask import Response, abort, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from presenter import audit_log, csrf
from presenter.blueprint import bp
from receiving.signature_checks import constant_time_equal
from sending import text_circuit_breaker
from show import show_state, talk_file
from show.base_scene import CLOSED, OPEN, REVEALED, Scene, SceneError
from show.moderated_scene import ModeratedScene
from show.show_state import ShowState
from show.talk_file import Talk
from stage.blueprint import get_event_stream, get_page_store, get_renderer
from stage.presenter_session import is_logged_in, presenter_name
from store import Pipe, Store

log = logging.getLogger(__name__)

HELD_REASON = "the presenter holds all sending"


@bp.get("/present/talk")
def talk_state() -> ResponseReturnValue:
    """The state of the talk as JSON; 403 unless logged in."""
    if not is_logged_in():
        return {"error": "Log in at /present/login."}, 403
    return _state_as_json()


@bp.post("/present/talk")
def talk_action() -> ResponseReturnValue:
    """Perform the action that the field `do` names. Responds with 303, or with the new state for `Accept:
    application/json`."""
    if not is_logged_in():
        return redirect(url_for("presenter.login"), 303)
    if not constant_time_equal(request.form.get("token", ""), csrf.token()):
        abort(400, "The field `token` is missing or has expired. GET /present/talk has the current one.")
    do = request.form.get("do", "")
    try:
        perform(do, request.form.get("scene", ""), request.form.get("action", ""), request.form.get("item", ""))
    except SceneError as error:
        return _refuse(str(error), 422)
    except redis.RedisError as error:
        log.error("Redis did not respond to the presenter's action '%s': %s", do[:40], error)
        return _refuse(
            "Redis did not respond, so this may not be done. See what the console shows, then repeat it if needed.", 503
        )
    if _wants_json():
        return _state_as_json()
    return redirect(url_for("presenter.console"), 303)


def perform(do: str, scene: str = "", action: str = "", item: str = "") -> None:
    """Perform a presenter's action, and record who did it. Raises SceneError or redis.RedisError."""
    store, talk = get_page_store(), talk_file.current_talk()
    show, pipe = show_state.load(store), store.pipeline()
    if do in ACTIONS_ON_A_SCENE:
        _require_current(show, talk, scene)
    if do == "scene-action":
        _perform_on_item(store, talk, show.scene(talk), action, item)
        show_state.announce(pipe)
    elif do in ACTIONS:
        ACTIONS[do](pipe, show, talk, scene)
    else:
        raise SceneError(f"There is no action '{do[:40]}': use {', '.join(ACTIONS)} or scene-action.")
    audit_log.record(pipe, presenter_name(), f"{do} {action}".strip(), item or scene)
    pipe.execute()


def _require_current(show: ShowState, talk: Talk, scene: str) -> None:
    """Raise SceneError if the show is no longer at `scene`, where the presenter pressed the button."""
    if scene and _parse_position(scene, talk) != talk.positions[show.scene(talk).id]:
        raise SceneError(
            f"Scene {scene} is no longer the current one, so nothing was changed. Look at the scene below."
        )


def _perform_on_item(store: Store, talk: Talk, current_scene: Scene, action: str, item: str) -> None:
    """`item` is the id of an item of the current scene, or `<scene>/<id>` for an item of any scene."""
    scene_id, _, id = item.partition("/")
    scene = talk.find(scene_id) if id else None
    scene, id = (scene, id) if scene else (current_scene, item)
    if action not in scene.actions:
        known = ", ".join(scene.actions) or "none"
        raise SceneError(f"The scene {scene.kind} has no action '{action[:40]}': it has {known}.")
    scene.perform(store, action, id)
    if action == "ban":
        for other in talk.scenes:
            if isinstance(other, ModeratedScene):
                other.hide_banned(store)


def _go_by(steps: int) -> Callable[[Pipe, ShowState, Talk, str], None]:
    """Return an action that moves by this many scenes; at either end, the show stays where it is.

    It also stays if it is no longer at `scene`, where the presenter pressed the button: a double click, or two
    presenters at once, must not skip a scene.
    """

    def move(pipe: Pipe, show: ShowState, talk: Talk, scene: str) -> None:
        current = talk.positions[show.scene(talk).id]
        if scene and _parse_position(scene, talk) != current:
            return
        if 0 < current + steps <= len(talk.scenes):
            show_state.go(pipe, show, talk, current + steps)

    return move


def _go_to(pipe: Pipe, show: ShowState, talk: Talk, scene: str) -> None:
    show_state.go(pipe, show, talk, _parse_position(scene, talk))


def _parse_position(scene: str, talk: Talk) -> int:
    if not scene.isdecimal() or len(scene) > 3:
        raise SceneError(f"The field `scene` must be a number from 1 to {len(talk.scenes)}.")
    return int(scene)


def _set_phase(phase: str) -> Callable[[Pipe, ShowState, Talk, str], None]:
    return lambda pipe, show, talk, _: show_state.set_phase(pipe, show.scene(talk), phase)


def _switch(name: str, value: int) -> Callable[[Pipe, ShowState, Talk, str], None]:
    return lambda pipe, show, talk, _: show_state.write(pipe, **{name: value, f"{name}_by": presenter_name()})


def _reset(pipe: Pipe, show: ShowState, talk: Talk, _: str) -> None:
    show.scene(talk).dismiss_callers(get_page_store())
    show_state.reset(pipe, show.scene(talk))


def _restart(pipe: Pipe, show: ShowState, talk: Talk, _: str) -> None:
    for scene in talk.scenes:
        scene.dismiss_callers(get_page_store())
    show_state.restart(pipe, talk)


def _hold(pipe: Pipe, *_: object) -> None:
    text_circuit_breaker.stop(pipe, HELD_REASON)
    show_state.write(pipe, held_by=presenter_name())


def _release(pipe: Pipe, *_: object) -> None:
    text_circuit_breaker.resume(pipe)
    show_state.write(pipe, held_by=presenter_name())


ACTIONS: dict[str, Callable[[Pipe, ShowState, Talk, str], None]] = {
    "next": _go_by(1),
    "previous": _go_by(-1),
    "go": _go_to,
    "back": lambda pipe, show, talk, _: show_state.go_back(pipe, show, talk),
    "restart": _restart,
    "open": _set_phase(OPEN),
    "close": _set_phase(CLOSED),
    "reveal": _set_phase(REVEALED),
    "reset": _reset,
    "blank": _switch("blank", 1),
    "unblank": _switch("blank", 0),
    "pause": _switch("paused", 1),
    "resume": _switch("paused", 0),
    "hold": _hold,
    "release": _release,
}
ACTIONS_ON_A_SCENE = ("open", "close", "reveal", "reset", "scene-action")


def _state_as_json() -> Response | tuple[Response, int]:
    store, talk = get_page_store(), talk_file.current_talk()
    try:
        show, stream = show_state.load(store), get_event_stream()
        stream.catch_up()
        scene = show.scene(talk)
        figures = scene.figures(get_renderer().view(scene, show, stream.timeline))
        held = bool(text_circuit_breaker.stop_reason(store))
    except redis.RedisError as error:
        log.error("Redis did not respond to a request for the talk's state: %s", error)
        response = jsonify(error="Redis is not responding. Try again in a few seconds.")
        response.headers["Retry-After"] = "5"
        return response, 503
    return jsonify(
        title=talk.title,
        token=csrf.token(),
        scene=talk.positions[scene.id],
        id=scene.id,
        kind=scene.kind,
        phase=show.phase(scene),
        votes=getattr(scene, "votes", ""),  # which of a phone's votes counts
        blank=show.is_blank,
        paused=show.is_paused,
        held=held,
        figures=figures,
    )


def _refuse(sentence: str, status: int) -> ResponseReturnValue:
    if _wants_json():
        headers = {"Retry-After": "5"} if status == 503 else {}
        return jsonify(error=sentence), status, headers
    session["alert"] = sentence
    return redirect(url_for("presenter.console"), 303)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
