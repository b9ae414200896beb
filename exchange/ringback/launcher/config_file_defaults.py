"""Parses the command line, with the values of ringback.toml as the defaults of its options."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ringback.launcher import config_file
from ringback.launcher.command_line_options import parser, subcommands

DEFAULT_FILE = "ringback.toml"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Returns the options: those of the command line, otherwise those of the file that --config names.

    Without --config, the file is ringback.toml in the current folder, if it exists. Raises UsageError."""
    given = sys.argv[1:] if arguments is None else arguments
    name = _config_option(given)
    path = Path(name or DEFAULT_FILE)
    defaults = config_file.read(path, subcommands(parser())["run"]) if name or path.is_file() else {}
    command, numbers = defaults.pop("command", None), defaults.pop("numbers", None)
    root = parser()
    for subcommand in subcommands(root).values():
        subcommand.set_defaults(**defaults)
    options = _with_command(root, given, command)
    if options.numbers is None:
        options.numbers = numbers
    return options


def _config_option(arguments: list[str]) -> str:
    """The value of --config, before the full command line is parsed."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--config", default="")
    known, _ = first.parse_known_args(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    return str(known.config)


def _with_command(root: argparse.ArgumentParser, arguments: list[str], command: list[str] | None) -> argparse.Namespace:
    """Parses the arguments; `run` without a command has that of the file."""
    if command is None or arguments[:1] != ["run"]:
        return root.parse_args(arguments)
    options = root.parse_args([*arguments, "--", *command])
    return options if options.command == command else root.parse_args(arguments)
