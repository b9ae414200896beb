"""Reads ringback.toml, whose keys are command-line options, and parses the command line with its values as defaults."""

from __future__ import annotations

import argparse
import difflib
import sys
import tomllib
from pathlib import Path
from typing import Any

from ringback.account.phone_numbers import normalize_number
from ringback.launcher.command_line_options import OF_A_NUMBER, UsageError, parser, subcommands

NUMBER_EXAMPLES = 'number = "+441632960000", a list of such numbers, or tables like [number."+441632960000"]'
DEFAULT_FILE = "ringback.toml"


def read(path: Path, command: argparse.ArgumentParser) -> dict[str, Any]:
    """Returns the values in the file by option name: the options of `command`, and `numbers`.

    Raises UsageError if the file cannot be read or parsed, or has an unknown key or a value of the wrong type."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from None
    return _ConfigFile(path, command).values(content)


class _ConfigFile:
    """Checks the content of one file. `options` maps each key to an option of the command."""

    def __init__(self, path: Path, command: argparse.ArgumentParser) -> None:
        self.path = path
        self.options = {action.dest.replace("_", "-"): action for action in command._actions}
        for unsuitable in ("help", "config", "numbers"):
            del self.options[unsuitable]

    def values(self, content: dict[str, Any]) -> dict[str, Any]:
        numbers = self._numbers(content.pop("number", None))
        values = {self._option(key).dest: self._checked(key, value) for key, value in content.items()}
        return values | ({"numbers": numbers} if numbers else {})

    def _option(self, key: str) -> argparse.Action:
        if key not in self.options:
            similar = difflib.get_close_matches(key.lower().replace("_", "-"), [*self.options, "number"], n=1)
            advice = f"did you mean {similar[0]!r}?" if similar else "see ringback run --help for the options"
            raise UsageError(f"{self.path}: unknown key {key!r}: {advice}")
        return self.options[key]

    def _checked(self, key: str, value: Any) -> Any:
        """Returns the value. Raises UsageError if its type is wrong."""
        option = self.options[key]
        if option.nargs == 0:
            self._expect(isinstance(value, bool), key, "true or false", value)
        elif option.nargs == "+" or isinstance(option.default, list):
            valid = isinstance(value, list) and value and all(isinstance(each, str) for each in value)
            self._expect(bool(valid), key, 'a list of strings, like ["…"]', value)
        elif option.type is int:
            self._expect(isinstance(value, int) and not isinstance(value, bool), key, "a whole number", value)
        elif option.type is float:
            self._expect(isinstance(value, (int, float)) and not isinstance(value, bool), key, "a number", value)
        elif option.choices:
            self._expect(value in option.choices, key, " or ".join(f'"{choice}"' for choice in option.choices), value)
        else:
            self._expect(isinstance(value, str), key, 'a string, like "…"', value)
        return value

    def _numbers(self, value: Any) -> list[tuple[str, dict[str, Any]]]:
        """Returns each number with its own options, in the order of the file."""
        match value:
            case None:
                return []
            case str():
                tables: dict[str, Any] = {value: {}}
            case list() if all(isinstance(each, str) for each in value):
                tables = {each: {} for each in value}
            case dict() if all(isinstance(each, dict) for each in value.values()):
                tables = value
            case _:
                raise UsageError(f"{self.path}: number must be given as {NUMBER_EXAMPLES}")
        return [(normalize_number(number), self._own(number, table)) for number, table in tables.items()]

    def _own(self, number: str, table: dict[str, Any]) -> dict[str, Any]:
        values = {}
        for key, value in table.items():
            option = self._option(key)
            if option.dest not in OF_A_NUMBER:
                raise UsageError(
                    f"{self.path}: {key!r} belongs above the first table, because it is not {number}'s own"
                )
            values[option.dest] = self._checked(key, value)
        return values

    def _expect(self, valid: bool, key: str, wanted: str, value: Any) -> None:
        if not valid:
            raise UsageError(f"{self.path}: {key} must be {wanted}, not {value!r}")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Returns the options from the command line; the file that --config names provides those that are missing there.

    Without --config, the file is ringback.toml in the current folder, if it exists. Raises UsageError."""
    given = sys.argv[1:] if arguments is None else arguments
    name = _config_option(given)
    path = Path(name or DEFAULT_FILE)
    defaults = read(path, subcommands(parser())["run"]) if name or path.is_file() else {}
    command, numbers = defaults.pop("command", None), defaults.pop("numbers", None)
    root = parser()
    for subcommand in subcommands(root).values():
        subcommand.set_defaults(**defaults)
    options = _with_command(root, given, command)
    if options.numbers is None:
        options.numbers = numbers
    return options


def _config_option(arguments: list[str]) -> str:
    """The value of --config, which is needed before the full command line can be parsed."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--config", default="")
    known, _ = first.parse_known_args(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    return str(known.config)


def _with_command(root: argparse.ArgumentParser, arguments: list[str], command: list[str] | None) -> argparse.Namespace:
    """Parses the arguments. `run` without a command uses the command in the file."""
    if command is None or arguments[:1] != ["run"]:
        return root.parse_args(arguments)
    options = root.parse_args([*arguments, "--", *command])
    return options if options.command == command else root.parse_args(arguments)
