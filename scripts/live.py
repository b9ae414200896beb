"""Answers real phone numbers from this machine: opens a tunnel, sets their webhooks, and restores them at the end."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields

import config
import logs
from phone.commands import command_words
from scripts import demo, number_webhooks
from scripts.number_webhooks import NumberWebhooks
from scripts.setup.checks import CannotStart, check_port
from scripts.supervision.processes import STOP_SIGNALS, Processes, StopRequest, lock_folder
from show import talk_file
from show.talk_file import TalkError

SETTING_NAMES = (*(row.name.upper() for row in fields(config.Settings)), "NGROK_AUTHTOKEN")
SAVED_WEBHOOKS_FILE = demo.FOLDER / "webhooks-before.json"  # the original webhooks, until they are restored


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C. Return 0 on success, 1 if it could not start, or 2 if nothing was changed."""
    for stop in STOP_SIGNALS:
        signal.signal(stop, signal.default_int_handler)  # until there is something to restore
    given = demo.add_dotenv(dict(os.environ))
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # scripts/setup/install.py blocks them
        lock_folder(demo.FOLDER)
        check_placeholders(given)
        settings = config.load({"REDIS_URL": "redis://unused", **given})
        talk_file.load_talk(settings.talk, command_words())
        numbers = number_webhooks.find_numbers(settings)
        number_webhooks.restore_saved(numbers, SAVED_WEBHOOKS_FILE)
        with open_tunnel(given) as public_url:
            changes = number_webhooks.plan(numbers, public_url)
            if not confirm_changes(changes, "--yes" in arguments):
                print("Nothing was changed.")
                return 2
            return run(changes, build_environment(given, public_url))
    except KeyboardInterrupt:
        print("\nNothing was changed.")
        return 2
    except (CannotStart, config.ConfigError, TalkError) as error:
        print(error, file=sys.stderr)
        return 1


def check_placeholders(given: Mapping[str, str]) -> None:
    """Raise CannotStart, with the names, if settings still contain the `…` of README's example."""
    settings = [name for name in given if name in SETTING_NAMES or name.endswith("_WEBHOOK_SECRET")]
    if names := [name for name in settings if "…" in given[name] or "..." in given[name]]:
        raise CannotStart(f"Replace the … in .env with real values: {', '.join(names)}. README.md says where they are.")


def build_environment(given: dict[str, str], public_url: str) -> dict[str, str]:
    """Return the processes' environment: the real account, and an embedded store unless REDIS_URL is set."""
    port = given.get("PORT") or "8000"
    return {
        **given,
        **demo.build_store_environment(given),
        "PORT": port,
        "PUBLIC_URL": public_url,
        "TRUSTED_PROXIES": given.get("TRUSTED_PROXIES") or "1",  # the tunnel, or whatever serves PUBLIC_URL over HTTPS
        **_browser_phones(given.get("EXCHANGE_PORT") or "8001"),
    }


def _browser_phones(port: str) -> dict[str, str]:
    """Return the settings that start the exchange too, with its own token, for people without a phone signal."""
    token = secrets.token_hex(16)
    return {
        "DEMO_HAS_EXCHANGE": "true",
        "DEMO_EXCHANGE_TOKEN": token,
        "EXCHANGE_AUTH_TOKEN": token,
        "EXCHANGE_URL": f"http://127.0.0.1:{port}",
    }


@contextlib.contextmanager
def open_tunnel(given: dict[str, str]) -> Iterator[str]:
    """Yield this machine's public URL: PUBLIC_URL, or the URL of a tunnel, which is closed at the end."""
    check_port("PORT", port := given.get("PORT") or "8000")
    check_port("EXCHANGE_PORT", given.get("EXCHANGE_PORT") or "8001")
    if given.get("PUBLIC_URL"):
        yield given["PUBLIC_URL"].rstrip("/")
        return
    from pyngrok import conf, ngrok
    from pyngrok.exception import PyngrokError

    conf.set_default(conf.PyngrokConfig(auth_token=given.get("NGROK_AUTHTOKEN")))  # it does not read .env
    try:
        public_url = str(ngrok.connect(port, "http", schemes=["https"]).public_url)
    except (PyngrokError, OSError) as error:
        raise CannotStart(
            f"The tunnel could not be opened: {error}\n"
            "Set NGROK_AUTHTOKEN in .env, or set PUBLIC_URL to an address that reaches this machine."
        ) from None
    try:
        yield public_url
    finally:
        ngrok.kill()


def confirm_changes(changes: list[NumberWebhooks], yes: bool) -> bool:
    """Show the changes, and return whether the user confirms them."""
    for each in changes:
        each.show_changes()
    print("They will be restored at the end.")
    if yes:
        return True
    try:
        return input("Change them? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # there is no terminal, as in a script
        print("\nNobody can answer here. To change them without being asked: .venv/bin/python -m scripts.live --yes")
        return False


def run(changes: list[NumberWebhooks], environ: dict[str, str]) -> int:
    """Start web and worker, set the webhooks, and on exit undo both in reverse order. Return the exit status."""
    processes = Processes(environ, demo.FOLDER, StopRequest())
    try:
        if not processes.wait_until_ready([f"http://127.0.0.1:{environ['PORT']}/health/ready"]):
            return 1
        demo.write_environment_file(environ)
        number_webhooks.save(changes, SAVED_WEBHOOKS_FILE)
        for each in changes:
            each.set()
        print_preflight(environ)
        public_url, names = environ["PUBLIC_URL"], " or ".join(each.number.phone_number for each in changes)
        print(f"ready  call or text {names}  stage {public_url}/  presenter {public_url}/present")
        processes.report_restarts()
        if all([each.restore() for each in changes]):
            SAVED_WEBHOOKS_FILE.unlink(missing_ok=True)
        return 0
    finally:
        processes.stop()


def print_preflight(environ: dict[str, str]) -> None:
    """Print what is not ready for a talk. Start-up continues anyway: the presenter decides."""
    command = [sys.executable, "-m", "scripts.flask", "preflight"]
    checks = subprocess.run(command, cwd=demo.ROOT, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    print(checks.stdout or checks.stderr, end="", flush=True)


if __name__ == "__main__":
    logs.set_up()
    sys.exit(main(sys.argv[1:]))
