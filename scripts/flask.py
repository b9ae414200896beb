"""Runs a Flask command with the running demo's settings, or else those in .env: python -m scripts.flask --help.

While `make live` runs, its settings are used, with the address of its tunnel and of its store.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from flask import cli

import config
import logs
from cli.raffle import raffle
from cli.talk import talk
from phone.commands import command_words
from scripts import demo
from show import talk_file
from show.talk_file import TalkError
from store import clients, connection_budget

STANDALONE = {"raffle": raffle, "talk": talk}  # commands that need neither settings nor a store
ROOT = Path(__file__).parents[1]
NOTHING_TO_USE = (
    "No demo is running in this folder (start it with: make demo), and no .env names the store of another app."
)


def main() -> int:
    """Run the command, which exits with its own status. Return 2 if a setting or the talk file is invalid."""
    os.environ.update(build_environment(os.environ))
    if sys.argv[1:2] and sys.argv[1] in STANDALONE:
        STANDALONE[sys.argv[1]].main(sys.argv[2:], f"flask {sys.argv[1]}")
    try:
        settings = config.load()
        clients.connect(settings, connection_budget.TOOL)
        talk_file.load_talk(settings.talk, command_words())
    except (config.ConfigError, TalkError) as error:
        if not os.environ.get("REDIS_URL"):
            print(NOTHING_TO_USE, file=sys.stderr)
        print(error, file=sys.stderr)
        return 2
    cli.main()
    return 0


def build_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the running demo's settings (those in .env if none is running), overridden by `given`.

    Flask itself must not read .env, because a real account's credentials must never reach a demo command. Nor must the
    demo's settings reach a real account's.
    """
    running, dotenv = demo.FOLDER / "environment", ROOT / ".env"
    known: dict[str, str] = {}
    for path in (dotenv,) if dotenv.exists() and not running.exists() else (ROOT / ".env.demo", running):
        known |= demo.read_env(path) if path.exists() else {}
    known |= given
    known.setdefault("PUBLIC_URL", f"http://127.0.0.1:{known.get('PORT') or '8000'}")
    return known | {"FLASK_APP": str(ROOT / "app.py"), "FLASK_SKIP_DOTENV": "1"}


if __name__ == "__main__":
    logs.set_up()
    sys.exit(main())
