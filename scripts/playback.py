"""Plays a recording on the stage, marked as such. Needs no store, no network and no account: a plan B for the talk."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from flask import Blueprint, Flask, Response, render_template
from werkzeug.serving import make_server

from stage.event_stream import REDRAW_INTERVAL_SECONDS

ROOT = Path(__file__).parents[1]
HEARTBEAT_SECONDS = 5.0

Frames = Sequence[tuple[float, str]]
"""Seconds since the start of the recording, and the scene's HTML."""


def main() -> int:
    """Serve the stage until Ctrl-C. Return 1 if the recording or the speed cannot be used."""
    path, port = Path(os.environ.get("FILE") or "recording.jsonl"), int(os.environ.get("PORT") or 8000)
    try:
        frames, speed = read(path), float(os.environ.get("SPEED") or 1)
        if speed <= 0:
            raise ValueError("SPEED must be more than 0, such as 2 for twice as fast")
    except (OSError, ValueError) as error:
        print(f"{path} cannot be played: {error}", file=sys.stderr)
        return 1
    server = make_server("127.0.0.1", port, create_app(frames, speed), threaded=True)
    print(f"Playing {path}, {frames[-1][0] / speed:.0f} s: http://127.0.0.1:{port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


def read(path: Path) -> Frames:
    """Return the frames of a recording. Raises ValueError or OSError."""
    frames = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            frames.append((float(row["at"]), str(row["html"])))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} is not part of a recording") from error
    if not frames:
        raise ValueError("it is empty")
    return frames


def create_app(frames: Frames, speed: float, sleep: Callable[[float], object] = time.sleep) -> Flask:
    """Return an app with the stage's page and event stream. Each viewer sees the recording from its start."""
    app, stage = Flask(__name__, root_path=str(ROOT)), Blueprint("stage", __name__)

    @stage.get("/")
    def page() -> str:
        return render_template("stage/playback.html", html=frames[0][1])

    @stage.get("/events")
    def stream() -> Response:
        return Response(play(frames, speed, sleep), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})

    app.register_blueprint(stage)
    return app


def play(frames: Frames, speed: float, sleep: Callable[[float], object]) -> Iterator[str]:
    """Yield the frames as an event stream at their original times, and heartbeats while nothing changes and after the
    end."""
    now = 0.0
    for at, html in at_most_four_per_second(frames, speed):
        while (at - now) / speed > HEARTBEAT_SECONDS:
            sleep(HEARTBEAT_SECONDS)
            now += HEARTBEAT_SECONDS * speed
            yield "event: heartbeat\ndata: {}\n\n"
        sleep((at - now) / speed)
        now = at
        yield f"event: scene\ndata: {json.dumps({'html': html}, ensure_ascii=False)}\n\n"
    while True:
        sleep(HEARTBEAT_SECONDS)
        yield "event: heartbeat\ndata: {}\n\n"


def at_most_four_per_second(frames: Frames, speed: float) -> Frames:
    """Return the frames, except frames that are replaced before the stage would redraw."""
    shown: list[tuple[float, str]] = []
    for at, html in frames:
        if shown and at - shown[-1][0] < REDRAW_INTERVAL_SECONDS * speed:
            shown[-1] = (shown[-1][0], html)
        else:
            shown.append((at, html))
    return shown


if __name__ == "__main__":
    sys.exit(main())
