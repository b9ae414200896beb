"""Run the exchange together with a web app that believes it talks to Twilio."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import certifi

from exchange.options import Unusable, settings_from
from exchange.proxy import Proxy
from exchange.server import Server
from exchange.sids import new_sid

NUMBER = "+441632960000"  # in a range that is kept for fiction
APP_PATIENCE = 60.0  # seconds an app may take to listen
LAST_WORDS = 5.0  # seconds it gets to stop
# Where SDKs, curl and language runtimes look for whom to trust, and for a proxy.
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "TWILIO_CA_BUNDLE")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
TRUSTING = Path(__file__).parent / "trusting"  # holds a sitecustomize.py, for Python programs that read none of these
DIRECT = "127.0.0.1,localhost,::1"


async def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Serve and run the app until it ends; its exit status."""
    given = _made_up(environment) | dict(environment)
    app = options.app or given.get("PUBLIC_URL") or f"http://127.0.0.1:{_free_port()}"
    options.app = app
    settings = settings_from(options, given)
    server = Server(settings)
    await server.start()
    proxy = Proxy((settings.host, server.port), tuple(options.let_through))
    await proxy.start()
    try:
        with tempfile.TemporaryDirectory(prefix="exchange-") as folder:
            told = _told(given, app, proxy, Path(folder), server)
            return await _run_app(options.command, told, app, settings.number, server.origin)
    finally:
        await proxy.stop()
        await server.stop()


def _made_up(environment: Mapping[str, str]) -> dict[str, str]:
    """An account for those who have none."""
    token = environment.get("TWILIO_AUTH_TOKEN") or new_sid("")
    return {"TWILIO_ACCOUNT_SID": new_sid("AC"), "TWILIO_AUTH_TOKEN": token, "TWILIO_PHONE_NUMBER": NUMBER}


def _told(given: dict[str, str], app: str, proxy: Proxy, folder: Path, server: Server) -> dict[str, str]:
    """The app's environment: its port, its account, and whom to trust and ask instead of Twilio."""
    bundle = folder / "trusted.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + proxy.certificate)
    port = str(urlsplit(app).port or 80)
    told = given | dict.fromkeys(TRUST, str(bundle)) | dict.fromkeys(PROXIES, proxy.url)
    told |= {"NO_PROXY": DIRECT, "no_proxy": DIRECT, "PORT": port, "FLASK_RUN_PORT": port}
    told["PYTHONPATH"] = os.pathsep.join(filter(None, [str(TRUSTING), given.get("PYTHONPATH")]))
    for name in ("TWILIO_REGION", "TWILIO_EDGE"):
        told.pop(name, None)
    key = server.board.new_key("exchange run")
    usual = {"TWILIO_NUMBER": given["TWILIO_PHONE_NUMBER"], "TWILIO_API_KEY": key.sid, "TWILIO_API_SECRET": key.secret}
    return {"PUBLIC_URL": app, "TWILIO_API_URL": server.origin} | usual | told


async def _run_app(command: list[str], told: dict[str, str], app: str, number: str, origin: str) -> int:
    try:
        process = await asyncio.create_subprocess_exec(*command, env=told, start_new_session=True)
    except FileNotFoundError:
        raise Unusable(f"There is no command {command[0]!r}") from None
    try:
        if await _listens(app, process):
            print(f"exchange: {number} rings at {origin} and calls {app}", flush=True)
        return await process.wait()
    finally:
        await _stop(process)


async def _listens(app: str, process: asyncio.subprocess.Process) -> bool:
    """Wait until the app can be reached; say so if it cannot."""
    parts = urlsplit(app)
    with suppress(TimeoutError):
        async with asyncio.timeout(APP_PATIENCE):
            while process.returncode is None:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
                    writer.close()
                    return True
                await asyncio.sleep(0.1)
    if process.returncode is None:
        print(f"exchange: the app does not listen at {app}: start it there (PORT), or say where with --app", flush=True)
    return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Stop the app and whatever it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await process.wait()
                return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
