"""Renders a scene of the talk for the stage."""

import re
import time

from flask import Flask

import context
from show import show_state
from show.base_scene import Scene, SceneView
from show.graphics.qr_code import sms_link, svg
from show.show_state import ShowState
from show.talk_file import Talk
from stage.event_stream import CONSOLE, Snapshot
from stage.phone_number_format import format_phone_number, list_numbers
from stage.timeline import Timeline
from store import Store


class SceneRenderer:
    """Renders scenes outside of a request, because the event stream's reader has no request."""

    def __init__(self, app: Flask, store: Store) -> None:
        self.app, self.store = app, store
        self.talk: Talk = app.extensions["talk"]
        self.settings = context.settings(app)

    def __call__(self, timeline: Timeline, position: int = 0) -> Snapshot:
        """Return the scene at this position, counted from 1, or the current scene for 0. Raises redis.RedisError."""
        if position == CONSOLE:
            return Snapshot(timeline.last_event_id)
        show = show_state.load(self.store)
        if show.is_blank and not position:
            return Snapshot(self._render_template("stage/_blank.html"))
        scene = self.talk.scenes[position - 1] if position else show.scene(self.talk)
        view = self.view(scene, show, timeline)
        number = self.settings.default_number
        html = self._render_template(
            "stage/_scene.html",
            scene=scene,
            talk=self.talk,
            phase=show.phase(scene),
            is_paused=show.is_paused,
            footer=scene.footer(view),
            number=number,
            spoken_number=format_phone_number(number),
            number_width=sum(28 if char == " " else 57 for char in format_phone_number(number)),  # in px at 100 px
            number_code=svg(sms_link(number), "QR code of the number"),
            numbers=list_numbers(self.settings.twilio_phone_number),
            **scene.stage_values(view),
        )
        return Snapshot(re.sub(r">\s+<", "> <", html).strip(), scene.redraw_seconds)

    def view(self, scene: Scene, show: ShowState, timeline: Timeline) -> SceneView:
        """Return what the scene needs in order to show itself."""
        timeline.board.advance(time.time())
        return SceneView(
            self.store,
            show.phase(scene),
            timeline.visible_entries(),
            self.settings.default_number,
            f"{self.settings.public_url}/phone" if self.settings.exchange_url else "",
            self.talk.moderation == "approve",
            self.settings.public_url,
            timeline.board,
            show.pinned,
        )

    def _render_template(self, name: str, **values: object) -> str:
        return self.app.jinja_env.get_template(name).render(values)
