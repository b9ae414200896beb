"""Records what the stage shows, for `make playback`: one JSON line per scene, with the seconds since the start.

A picture or recorded message has a line of its own, before the first scene that shows it.
"""

import base64
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import requests

from scripts.demo import read_running_environment

CONNECT_TIMEOUT_SECONDS, SILENCE_SECONDS = 5, 20  # the stage's event stream has a heartbeat every 5 seconds
RETRY_SECONDS = 1
MEDIA_PATH = re.compile(r'"(/media/[^"]+)"')


def main() -> int:
    """Record until Ctrl-C. Return 1 if the file exists or cannot be written, or if the app was never reached."""
    environ = read_running_environment()
    path = Path(environ.get("FILE") or "recording.jsonl")
    origin = os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{environ.get('PORT') or 8000}"
    url, known = f"{origin}/events", set[str]()
    if path.exists():
        print(f"{path} exists. Choose another name: make record FILE=…", file=sys.stderr)
        return 1
    start, count = time.monotonic(), 0
    print(f"Recording {url} to {path}, until Ctrl-C.", flush=True)
    try:
        with path.open("w", encoding="utf-8") as file:
            for html in follow(url):
                count += 1
                scene = {"at": round(time.monotonic() - start, 3), "html": html}
                for row in (*media_rows(origin, html, known), scene):
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                file.flush()
    except KeyboardInterrupt:
        print(f"\n{count} changes in {time.monotonic() - start:.0f} s, in {path}")
    except requests.RequestException as error:
        path.unlink(missing_ok=True)
        print(f"The stage could not be reached at {url}: {type(error).__name__}", file=sys.stderr)
        return 1
    except OSError as error:  # no such folder, or no space left
        print(f"{path} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def follow(url: str) -> Iterator[str]:
    """Yield each scene's HTML. Reconnects after an interruption; before the first scene, raises RequestException."""
    has_begun = False
    while True:
        try:
            with requests.get(url, stream=True, timeout=(CONNECT_TIMEOUT_SECONDS, SILENCE_SECONDS)) as response:
                response.raise_for_status()
                for html in scenes(line.decode() for line in response.iter_lines()):
                    has_begun = True
                    yield html
        except requests.RequestException:
            if not has_begun:
                raise
        time.sleep(RETRY_SECONDS)


def media_rows(origin: str, html: str, known: set[str]) -> Iterator[dict[str, str]]:
    """Yield each picture or message in the HTML whose path is not in `known`, and add its path. Those that the app does
    not return are left out until a later scene."""
    for path in set(MEDIA_PATH.findall(html)) - known:
        try:
            response = requests.get(f"{origin}{path}", timeout=SILENCE_SECONDS)
            response.raise_for_status()
        except requests.RequestException:
            continue
        known.add(path)
        content = base64.b64encode(response.content).decode()
        yield {"path": path, "type": response.headers["Content-Type"], "content": content}


def scenes(lines: Iterable[str]) -> Iterator[str]:
    """Yield the HTML of each `scene` event in the lines of an event stream."""
    event = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data" and event == "scene":
            yield json.loads(value)["html"]


if __name__ == "__main__":
    sys.exit(main())
