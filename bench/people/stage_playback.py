"""Measures the stage while Chromium plays the recording of a simulated crowd, with nothing else running."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from bench.load_generator import ROOT
from scripts.demo import free_port
from scripts.playback import read
from scripts.supervision.processes import returns_200
from tests.support.waiting import eventually

PEOPLE, CROWD_SECONDS = 200, 20  # the defaults of the variables PEOPLE and SECONDS
TALK = str(ROOT / "tests/support/talk.toml")  # its poll shows each vote at once
STOPPING_SECONDS = 60
EXTRA_SECONDS = 2.0  # after the last scene


def main() -> None:
    """Record a crowd, or use the recording FILE; play it in Chromium, and print a table with a target per figure."""
    people, seconds = int(os.environ.get("PEOPLE") or PEOPLE), int(os.environ.get("SECONDS") or CROWD_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(os.environ.get("FILE") or f"{folder}/recording.jsonl")
        if not path.exists():
            print(f"Recording {people:,} people in {seconds} s.", flush=True)
            print(record(Path(folder), path, people, seconds), flush=True)
        frames = read(path)[0]
        print(f"Playing {len(frames):,} scenes in {frames[-1][0]:.0f} s.\n", flush=True)
        figures = play(path, frames[-1][0] + EXTRA_SECONDS)
    print_table(figures)


def record(folder: Path, path: Path, people: int, seconds: int) -> str:
    """Run the demo, a crowd and the recorder. Return the crowd's last line. Raises RuntimeError if it failed."""
    web, exchange = free_port(), free_port()
    ports = {"PORT": str(web), "EXCHANGE_PORT": str(exchange), "DEMO_FOLDER": f"{folder}/demo"}
    environ = os.environ | ports | {"PEOPLE": str(people), "SECONDS": str(seconds), "FILE": str(path)}
    environ |= {"PUBLIC_URL": f"http://127.0.0.1:{web}", "TALK": TALK}
    with (folder / "log").open("wb") as log:
        demo = _start("scripts.demo", environ, log)
        try:
            wait = f"http://127.0.0.1:{web}/health/ready"
            eventually(lambda: returns_200(wait), "the demo is ready")
            recorder = _start("scripts.record", environ, log)
            crowd = [sys.executable, "-m", "scripts.crowd"]
            done = subprocess.run(crowd, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False)
            _stop(recorder)
        finally:
            _stop(demo)
    if done.returncode:
        raise RuntimeError(f"The crowd's answers were not right:\n{done.stdout}")
    return done.stdout.splitlines()[-1]


def play(path: Path, seconds: float) -> dict[str, Any]:
    """Play the recording to Chromium at 1920 by 1080. Return what the page observed."""
    environ = os.environ | {"PORT": str(port := free_port()), "FILE": str(path), "SPEED": "1"}
    server = _start("scripts.playback", environ, subprocess.DEVNULL)
    try:
        eventually(lambda: returns_200(f"http://127.0.0.1:{port}/"), "the playback is served")
        return asyncio.run(_observe(f"http://127.0.0.1:{port}/", seconds))
    finally:
        _stop(server)


async def _observe(url: str, seconds: float) -> dict[str, Any]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.add_init_script(path=ROOT / "bench/stage.js")
        await page.goto(url)
        await asyncio.sleep(seconds)
        found: dict[str, Any] = await page.evaluate("() => ({...seen, smallest: smallestText()})")
        await browser.close()
    return found


def _start(module: str, environ: dict[str, str], log: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environ, stdout=log, stderr=log)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    process.wait(STOPPING_SECONDS)


def print_table(figures: dict[str, Any]) -> None:
    """Print each figure with its target."""
    frames, redraws = sorted(figures["frames"]), figures["redraws"]
    per_second = max((sum(start <= at < start + 1000 for at in redraws) for start in redraws), default=0)
    rows = [
        ("smallest text", f"{figures['smallest']:.0f} px", "at least 40 px"),
        ("cumulative layout shift", f"{figures['shift']:.3f}", "below 0.1"),
        ("redraws in the busiest second", str(per_second), "at most 4"),
        ("frame time, p95", f"{frames[int(len(frames) * 0.95)]:.1f} ms", "below 34 ms"),
    ]
    print("| figure | measured | target |\n|---|---|---|")
    for name, measured, target in rows:
        print(f"| {name} | {measured} | {target} |")


if __name__ == "__main__":
    main()
