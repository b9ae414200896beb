"""Runs everything on one machine until Ctrl-C: store, exchange, web and worker, under supervisord."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from dotenv import dotenv_values

import logs
from phone.commands import command_words
from scripts import demo_store
from scripts.demo_store import CannotStart
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from show import current
from show.talk import TalkError

ROOT = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("DEMO_FOLDER") or ROOT / ".demo")  # the store's data, and a log for each process
READY_TIMEOUT_SECONDS = 60
SHUTDOWN_TIMEOUT_SECONDS = 30
PR_SET_PDEATHSIG = 1  # prctl(2): send a child process a signal when its parent dies


def main() -> int:
    """Run until Ctrl-C. Return 0, or 1 if it could not start."""
    stopping = stop_on_signals()
    try:
        environ = build_environment(dict(os.environ))
        current.load_talk(environ.get("TALK", ""), command_words())
    except (CannotStart, TalkError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"starting …   the logs are in {FOLDER}", flush=True)
    supervisor = start_supervisor(environ)
    try:
        web, exchange = environ["PUBLIC_URL"], environ["TWILIO_API_URL"]
        if not wait_until_ready(supervisor, [f"{web}/health/ready", f"{exchange}/handsets"], stopping):
            return 0 if stopping[0] else 1
        write_environment_file(environ)
        number, password = environ["TWILIO_PHONE_NUMBER"], environ["PRESENTER_PASSWORD"]
        print(f"ready  phones {exchange}/  stage {web}/  presenter {web}/present", flush=True)
        print(
            f"       the number is {number}, the presenter's password is {password}, Ctrl-C stops everything",
            flush=True,
        )
        if notice := describe_sending(web):
            print(f"       {notice}", flush=True)
        print_restarts(supervisor, stopping)
        return 0
    finally:
        stop_supervisor(supervisor)
        (FOLDER / "environment").unlink(missing_ok=True)


def write_environment_file(environ: dict[str, str]) -> None:
    """Write this demo's addresses to a file, for `make send` and scripts.flask in another window."""
    lines = [f"{name}={environ[name]}\n" for name in ("REDIS_URL", "PUBLIC_URL", "TWILIO_API_URL")]
    (FOLDER / "environment").write_text("".join(lines))


def stop_on_signals() -> list[bool]:
    """Handle the signals that stop the demo. Return a list whose only item they set to True."""
    stopping = [False]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.__setitem__(0, True))
    return stopping


def build_environment(given: dict[str, str]) -> dict[str, str]:
    """Return the processes' environment: .env.demo, the chosen ports, and an embedded store unless REDIS_URL is set."""
    port, exchange_port = given.get("PORT", "8000"), given.get("EXCHANGE_PORT", "8001")
    for name, value in (("PORT", port), ("EXCHANGE_PORT", exchange_port)):
        check_port(name, value)
    return {
        **given,
        **read_env(ROOT / ".env.demo"),
        **build_store_environment(given),
        "PORT": port,
        "EXCHANGE_PORT": exchange_port,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_API_URL": f"http://127.0.0.1:{exchange_port}",
        "EXCHANGE_URL": f"http://127.0.0.1:{exchange_port}",
        "DEMO_HAS_EXCHANGE": "true",
        "DEMO_EXCHANGE_TOKEN": read_env(ROOT / ".env.demo")["TWILIO_AUTH_TOKEN"],
    }


def build_store_environment(given: dict[str, str]) -> dict[str, str]:
    """Return the variables that demo.conf uses, and the store's URL."""
    is_embedded = not given.get("REDIS_URL")
    port = free_port() if is_embedded else 0
    return {
        "REDIS_URL": demo_store.new_url(port) if is_embedded else given["REDIS_URL"],
        "DEMO_HAS_STORE": "true" if is_embedded else "false",
        "DEMO_STORE": demo_store.find_program() if is_embedded else "none",
        "DEMO_FOLDER": str(FOLDER),
        "DEMO_PYTHON": sys.executable,
        "DEMO_OVERRIDES": CONNECTION_OVERRIDES,
        "EXCHANGE_PORT": given.get("EXCHANGE_PORT", "8001"),
        "PYTHONUNBUFFERED": "1",
    }


def add_dotenv(environ: dict[str, str]) -> dict[str, str]:
    """Return the environment, plus any variables from .env that it does not set."""
    dotenv = ROOT / ".env"
    return {**(read_env(dotenv) if dotenv.exists() else {}), **environ}


def read_env(path: Path) -> dict[str, str]:
    """Return the variables that a .env file sets. `$` has no special meaning there, because secrets may contain it."""
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None}


def check_port(name: str, value: str) -> None:
    """Raise CannotStart unless this is a free port."""
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise CannotStart(f"{name} is {value!r}, but must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except OSError:
            raise CannotStart(
                f"Port {value} is in use, perhaps by another demo. Stop it, or choose another port: {name}=… make demo"
            ) from None


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_supervisor(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start supervisord in its own session, so that Ctrl-C reaches only this process, which then stops supervisord."""
    os.umask(0o077)  # the logs, the store's data and its password are for this user only
    (FOLDER / "store").mkdir(parents=True, exist_ok=True)
    for log in FOLDER.glob("*.log"):  # from an earlier version
        log.chmod(0o600)
    if environ["DEMO_HAS_STORE"] == "true":
        demo_store.write_config(environ["REDIS_URL"], FOLDER)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "supervisor.supervisord",
        "-c",
        str(ROOT / "scripts" / "demo.conf"),
    ]
    return subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=environ, start_new_session=True, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent
    )


def _end_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until_ready(supervisor: subprocess.Popen[bytes], addresses: list[str], stopping: list[bool]) -> bool:
    """Return True once every address returns 200. Otherwise print the reason, and return False."""
    deadline, missing = time.monotonic() + READY_TIMEOUT_SECONDS, list(addresses)
    while not stopping[0]:
        missing = [url for url in missing if not returns_200(url)]
        if not missing:
            return True
        if supervisor.poll() is not None:
            print(f"supervisord has exited: see {FOLDER}/supervisord.log", file=sys.stderr)
            return False
        if time.monotonic() > deadline:
            reason = describe_failure(missing[0])
            print(f"Not ready after {READY_TIMEOUT_SECONDS} s: {reason} The logs are in {FOLDER}", file=sys.stderr)
            return False
        time.sleep(0.1)
    return False


def print_restarts(supervisor: subprocess.Popen[bytes], stopping: list[bool]) -> None:
    """Until the demo stops, print supervisord's log lines about processes that exit and restart."""
    with (FOLDER / "supervisord.log").open() as log:
        log.seek(0, os.SEEK_END)
        while not stopping[0] and supervisor.poll() is None:
            for line in log.readlines():
                if "exited:" in line or "entered RUNNING" in line:
                    print(line.split(" INFO ")[-1].split(" WARN ")[-1].strip(), flush=True)
            time.sleep(0.2)


def returns_200(url: str) -> bool:
    """Return whether a GET of this address returns 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def describe_sending(web: str) -> str:
    """Say why all sending is stopped, which survives a restart of the demo; "" if it is not stopped."""
    try:
        with urllib.request.urlopen(f"{web}/health/ready", timeout=2) as response:  # noqa: S310
            sending = json.load(response)["sending"]
    except (OSError, ValueError, KeyError):
        return ""
    return "" if sending == "active" else f"sending is {sending}; texts wait until you resume it at {web}/present"


def describe_failure(url: str) -> str:
    """Return a sentence about why this address does not return 200: its response or the connection error."""
    try:
        urllib.request.urlopen(url, timeout=2)  # noqa: S310
    except urllib.error.HTTPError as error:
        return f"{url} says {error.read(2000).decode('utf-8', 'replace').strip()}."
    except (OSError, ValueError) as error:
        return f"{url} does not answer ({error})."
    return f"{url} was too slow."


def stop_supervisor(supervisor: subprocess.Popen[bytes]) -> None:
    """Stop supervisord and its processes. Kill them if they have not exited after SHUTDOWN_TIMEOUT_SECONDS."""
    supervisor.terminate()
    try:
        supervisor.wait(SHUTDOWN_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
    print("stopped", flush=True)


if __name__ == "__main__":
    logs.set_up()
    sys.exit(main())
