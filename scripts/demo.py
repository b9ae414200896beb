"""Runs everything on one machine until Ctrl-C: store, exchange, web and worker, under supervisord."""

import json
import os
import socket
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import redis
from dotenv import dotenv_values, set_key

import config
import logs
from phone.commands import command_words
from scripts import demo_store
from scripts.setup.checks import CannotStart, check_store_address, read_ports
from scripts.supervision.processes import Processes, StopRequest, lock_folder
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from show import talk_file
from show.talk_file import TalkError
from store import clients, connection_budget, memory_usage

ROOT = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("DEMO_FOLDER") or ROOT / ".demo")  # the store's data, and a log for each process
DEMO_ENV_FILE = ROOT / ".env.demo"


def main() -> int:
    """Run until Ctrl-C. Return 0, or 1 if it could not start."""
    stop_request = StopRequest()
    try:
        environ = build_environment(os.environ)
        settings = config.load(environ)
        talk_file.load_talk(environ.get("TALK", ""), command_words())
        lock_folder(FOLDER)
        if environ["DEMO_HAS_STORE"] == "false":
            check_store(settings)
    except (CannotStart, config.ConfigError, TalkError) as error:
        print(error, file=sys.stderr)
        return 1
    if stop_request.is_made:
        return 0
    print(f"starting store, exchange, web and worker …   their logs are in {FOLDER}", flush=True)
    processes = Processes(environ, FOLDER, stop_request)
    try:
        web, exchange = environ["PUBLIC_URL"], environ["TWILIO_API_URL"]
        if not processes.wait_until_ready([f"{web}/health/ready", f"{exchange}/handsets"]):
            return 0 if stop_request.is_made else 1
        write_environment_file(environ)
        print(f"ready  phones {exchange}/  stage {web}/  presenter {web}/present", flush=True)
        print(
            f"       the number is {', '.join(settings.twilio_phone_number)}, "
            f"the presenter's password is {environ['PRESENTER_PASSWORD']}, Ctrl-C stops everything",
            flush=True,
        )
        if notice := describe_sending(web):
            print(f"       {notice}", flush=True)
        processes.report_restarts()
        return 0
    finally:
        processes.stop()


def write_environment_file(environ: Mapping[str, str]) -> None:
    """Write the settings that differ from .env.demo, for `make send` and scripts.flask to read; "" if not set."""
    path, usual = FOLDER / "environment", read_env(DEMO_ENV_FILE)
    secrets = (name for name in environ if name.endswith("_WEBHOOK_SECRET"))
    path.touch()
    for name in dict.fromkeys((*(field.name.upper() for field in fields(config.Settings)), *usual, *secrets)):
        if environ.get(name, "") != usual.get(name, ""):
            set_key(path, name, environ.get(name, ""))


def read_running_environment() -> dict[str, str]:
    """Return the environment, with the settings of the running demo or, for others, of .env.demo."""
    running = FOLDER / "environment"
    return {**read_env(DEMO_ENV_FILE), **(read_env(running) if running.exists() else {}), **os.environ}


def build_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the processes' environment: .env.demo, then `given`, then what only the demo knows.

    Raises CannotStart if a port or the store at REDIS_URL cannot be used.
    """
    port, exchange_port = read_ports(given)
    check_store_address(given)
    account = {**read_env(DEMO_ENV_FILE), **given}
    return {
        **account,
        **build_store_environment(given),
        "PORT": port,
        "EXCHANGE_PORT": exchange_port,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_API_URL": f"http://127.0.0.1:{exchange_port}",
        "EXCHANGE_URL": f"http://127.0.0.1:{exchange_port}",
        "DEMO_HAS_EXCHANGE": "true",
        "DEMO_EXCHANGE_TOKEN": account["TWILIO_AUTH_TOKEN"].split(",")[0],
    }


def build_store_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that demo.conf uses, and the store's URL: an embedded store unless REDIS_URL is set."""
    is_embedded = not given.get("REDIS_URL")
    return {
        "REDIS_URL": demo_store.new_url(free_port()) if is_embedded else given["REDIS_URL"],
        "DEMO_HAS_STORE": "true" if is_embedded else "false",
        "DEMO_STORE": demo_store.find_program() if is_embedded else "none",
        "DEMO_FOLDER": str(FOLDER),
        "DEMO_PYTHON": sys.executable,
        "DEMO_OVERRIDES": CONNECTION_OVERRIDES,
        "EXCHANGE_PORT": given.get("EXCHANGE_PORT") or "8001",
        "PYTHONUNBUFFERED": "1",
    }


def check_store(settings: config.Settings) -> None:
    """Raise CannotStart if the store at REDIS_URL cannot be used."""
    try:
        problem = memory_usage.find_eviction(clients.connect(settings, connection_budget.TOOL))
    except redis.exceptions.RedisError as error:
        problem = str(error)
    if problem:
        advice = "If REDIS_URL is not set, the demo starts its own store."
        raise CannotStart(f"The store at REDIS_URL cannot be used: {problem}. {advice}")


def add_dotenv(environ: dict[str, str]) -> dict[str, str]:
    """Return the environment, plus any variables from .env that it does not set."""
    dotenv = ROOT / ".env"
    return {**(read_env(dotenv) if dotenv.exists() else {}), **environ}


def read_env(path: Path) -> dict[str, str]:
    """Return the variables that a .env file sets. `$` has no special meaning there, because secrets may contain it."""
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None}


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def describe_sending(web: str) -> str:
    """Return a sentence if all sending is stopped (a restart of the demo does not resume it), otherwise ""."""
    try:
        with urllib.request.urlopen(f"{web}/health/ready", timeout=2) as response:  # noqa: S310
            sending = json.load(response)["sending"]
    except (OSError, ValueError, KeyError):
        return ""
    return "" if sending == "active" else f"sending is {sending}; texts wait until you resume it at {web}/present"


if __name__ == "__main__":
    logs.set_up()
    sys.exit(main())
