"""Plays a recording on the stage, marked as such. Needs no store, no network and no account: a plan B for the talk."""

import base64
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from flask import Blueprint, Flask, Response, abort, render_template
from werkzeug.serving import make_server

from stage.event_stream import REDRAW_INTERVAL_SECONDS

ROOT = Path(__file__).parents[1]
HEARTBEAT_SECONDS = 5.0

Frames = Sequence[tuple[float, str]]
"""Seconds since the start of the recording, and the scene's HTML."""
Media = Mapping[str, tuple[str, bytes]]
"""Path -> content type and content of a picture or message."""


def main() -> int:
    """Serve the stage until Ctrl-C. Return 1 if the recording or the speed cannot be used."""
    path, port = Path(os.environ.get("FILE") or "recording.jsonl"), int(os.environ.get("PORT") or 8000)
    try:
        (frames, media), speed = read(path), float(os.environ.get("SPEED") or 1)
        if speed <= 0:
            raise ValueError("SPEED must be more than 0, such as 2 for twice as fast")
    except (OSError, ValueError) as error:
        print(f"{path} cannot be played: {error}", file=sys.stderr)
        return 1
    server = make_server("127.0.0.1", port, create_app(frames, speed, media), threaded=True)
    print(f"Playing {path}, {frames[-1][0] / speed:.0f} s: http://127.0.0.1:{port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


def read(path: Path) -> tuple[Frames, Media]:
    """Return the frames and files of a recording. Raises ValueError or OSError."""
    frames, media = [], {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            if "path" in row:
                media[str(row["path"])] = (str(row["type"]), base64.b64decode(row["content"]))
            else:
                frames.append((float(row["at"]), str(row["html"])))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} is not part of a recording") from error
    if not frames:
        raise ValueError("it is empty")
    return frames, media


def create_app(
    frames: Frames, speed: float, media: Media = MappingProxyType({}), sleep: Callable[[float], object] = time.sleep
) -> Flask:
    """Return an app with the stage's page, event stream and files. Each viewer sees the recording from its start."""
    app, stage = Flask(__name__, root_path=str(ROOT)), Blueprint("stage", __name__)

    @stage.get("/")
    def page() -> str:
        return render_template("stage/playback.html", html=frames[0][1])

    @stage.get("/events")
    def stream() -> Response:
        return Response(play(frames, speed, sleep), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})

    @stage.get("/media/<scene_id>/<item_id>")
    def media_file(scene_id: str, item_id: str) -> Response:
        content_type, content = media.get(f"/media/{scene_id}/{item_id}") or abort(404)
        return Response(content, content_type=content_type)

    @stage.post("/screens")
    def report() -> tuple[str, int]:
        return "", 204  # the stage reports its delay, which nobody watches here

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
