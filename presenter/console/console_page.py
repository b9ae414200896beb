"""The presenter's console: the current scene with its figures and buttons, what comes next, and three switches."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import redis
from flask import render_template, session
from flask.typing import ResponseReturnValue

import context
from presenter import audit_log, csrf, health_checks
from presenter.blueprint import bp
from presenter.console.console_actions import HELD_REASON
from presenter.console.console_problems import find_problems
from presenter.console.console_switches import list_switches
from presenter.login import login_required
from sending import pacing, text_circuit_breaker
from show import moderation, show_state, talk_file
from show.base_scene import CLOSED, OPEN, REVEALED, Scene, SceneView
from show.moderated_scene import ModeratedScene
from show.moderation import APPROVED
from show.show_state import ShowState
from stage import screens
from stage.blueprint import get_event_stream, get_page_store, get_renderer
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme

MAX_VALUE_CHARACTERS = 24
MAX_BARS = 11  # as many as a score has
MAX_DECISIONS = 20
MAX_APPROVED = 10  # that can still be hidden
ASKS = {"purge": "Delete all numbers, words and results now? Export first if you need them."}
ITEM_ACTIONS = ("approve", "hide", "ban", "answered", "pin", "select", "kill")  # these have buttons on each item
PHASE_BUTTONS = {OPEN: ("close", "Close"), CLOSED: ("open", "Open"), REVEALED: ("open", "Open again")}


@dataclass(frozen=True)
class Bar:
    """One figure of the scene; `share` is in thousandths of the largest figure."""

    name: str
    count: float
    share: int


@dataclass(frozen=True)
class Button:
    """A button of the scene. `do` and `fields` are what it sends."""

    do: str
    label: str
    fields: Mapping[str, str] = field(default_factory=dict)


@bp.get("/present")
@login_required
def console() -> str:
    """The console; its script refreshes the live part from `/present/fragment`."""
    alert = session.pop("alert", "") if "alert" in session else ""
    return render_template(
        "presenter/console.html",
        csrf_token=csrf.token(),
        theme=requested_theme(),
        alert=alert,
        **_template_values(),
    )


@bp.get("/present/fragment")
def console_fragment() -> ResponseReturnValue:
    """The live part of the console; 403 unless logged in."""
    if not is_logged_in():
        return "", 403
    return render_template("presenter/_console.html", csrf_token=csrf.token(), **_template_values())


def _template_values() -> dict[str, Any]:
    checked, store = health_checks.check_health(), get_page_store()
    try:
        show = show_state.load(store)
        stop_reason = text_circuit_breaker.stop_reason(store)
        found = screens.load(store)
        values = _scene_values(show) | _sending_values(stop_reason) | {"last_actions": audit_log.load(store, 3)}
    except redis.RedisError:
        checked, show, stop_reason, found, values = health_checks.Health(False), ShowState(), "", [], {"scene": None}
    return values | {
        "talk": talk_file.current_talk(),
        "show": show,
        "now": time.time(),
        "problems": find_problems(checked, "" if stop_reason == HELD_REASON else stop_reason, found),
        "screens": found,
        "switches": list_switches(show, stop_reason),
    }


def _scene_values(show: ShowState) -> dict[str, Any]:
    talk, stream = talk_file.current_talk(), get_event_stream()
    stream.catch_up()
    scene = show.scene(talk)
    phase = show.phase(scene)
    view = get_renderer().view(scene, show, stream.timeline)
    bars, facts = _describe(scene.figures(view))
    position = talk.positions[scene.id]
    return {
        "scene": scene,
        "position": position,
        "phase": phase,
        "bars": bars,
        "facts": facts,
        "is_hidden": scene.is_revealable and phase != REVEALED and getattr(scene, "results", "") == "hidden",
        "buttons": _buttons(scene, phase, view),
        "targets": scene.targets(view),
        "dangerous": [(name, label, ASKS[name]) for name, label in scene.actions.items() if name in ASKS],
        **_moderation_values(scene),
        "before": talk.scenes[position - 2] if position > 1 else None,
        "after": talk.scenes[position] if position < len(talk.scenes) else None,
        "title_of": title_of,
    }


def _moderation_values(scene: Scene) -> dict[str, Any]:
    """The items that await a decision in any scene, and those on stage that can be hidden or marked as answered."""
    store, talk = get_page_store(), talk_file.current_talk()
    moderated = [each.id for each in talk.scenes if isinstance(each, ModeratedScene)]
    approved = (
        moderation.load_items(store, scene.id, APPROVED, MAX_APPROVED, newest=True) if scene.id in moderated else []
    )
    return {
        "pending": moderation.list_pending(store, moderated, MAX_DECISIONS) if moderated else [],
        "pending_count": sum(moderation.count_items(store, id, moderation.PENDING) for id in moderated),
        "approved": approved,
        "approved_actions": [(name, label) for name, label in scene.actions.items() if name in ("answered", "hide")],
    }


def title_of(scene: Scene) -> str:
    """What the presenter calls this scene: its question if it has one, otherwise its kind."""
    return str(getattr(scene, "question", "")) or scene.kind.capitalize()


def _describe(figures: dict[str, Any]) -> tuple[list[Bar], list[str]]:
    """Return a scene's figures: bars for the counts in dictionaries, and phrases for single values."""
    bars: list[Bar] = []
    for counts in (value for value in figures.values() if isinstance(value, dict)):
        most = max(counts.values(), default=0) or 1
        bars += [Bar(str(name), count, round(1000 * count / most)) for name, count in counts.items()]
    singles = {name: value for name, value in figures.items() if isinstance(value, int | float | str) and value != ""}
    facts = [
        f"{value:,} {name}" if type(value) is int else f"{name} {_shorten(str(value))}"
        for name, value in singles.items()
    ]
    return bars[:MAX_BARS], facts


def _shorten(value: str) -> str:
    """Return the beginning of a long value, such as a hash."""
    return value if len(value) <= MAX_VALUE_CHARACTERS else f"{value[:12]}…"


def _buttons(scene: Scene, phase: str, view: SceneView) -> list[Button]:
    """Return the scene's buttons, the one that is most likely to be needed next last."""
    found = []
    if scene.is_answerable:
        found.append(Button(*PHASE_BUTTONS[phase]))
    direct = [name for name in scene.actions if name not in ITEM_ACTIONS and name not in ASKS]
    found += [
        Button("scene-action", scene.actions[name], {"action": name, "item": scene.button_item(view, name)})
        for name in direct
    ]
    if scene.is_revealable and phase != REVEALED:
        found.append(Button("reveal", "Reveal"))
    return found


def _sending_values(stop_reason: str) -> dict[str, Any]:
    forecast = pacing.forecast(get_page_store(), context.settings().sender_rate)
    return {
        "forecast": forecast,
        "duration": _duration(forecast.seconds),
        "price": _price(forecast.segments),
        "rate": forecast.rate,
        "stop_reason": stop_reason,
    }


def _duration(seconds: float) -> str:
    """The duration in whole seconds or minutes, such as "5 minutes"."""
    count, unit = (round(seconds), "second") if seconds < 100 else (round(seconds / 60), "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _price(segments: int) -> str:
    """The price of these segments, such as "12.00 GBP"; "" if the talk file has no price."""
    talk = talk_file.current_talk()
    return f"{segments * talk.price_per_segment:.2f} {talk.currency}" if talk.price_per_segment else ""
