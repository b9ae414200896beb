"""The talk file: a title, rules for the whole talk, and its scenes in order. README describes it."""

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from flask import Flask, current_app

from config import Settings
from show.base_scene import Scene
from show.scenes import load_kinds
from show.talk_file_linter import find_problems

DEFAULT_PATH = Path(__file__).parents[1] / "talk.toml"
MAX_SCENES = 60
MAX_TITLE_CHARACTERS = 100  # three lines on the stage
SCENE_ID = re.compile(r"[A-Za-z0-9-]{1,40}")  # scene ids are part of URLs and of Redis keys
INHERITED = {"votes", "moderation", "links", "keep_numbers_days", "presenter_phone"}  # a scene's default is the talk's
WHOLE_TALK = {"keep_numbers_days"}  # of these, the rules that no scene may override
TYPE_NAMES = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
}


class TalkError(Exception):
    """The talk file cannot be used. The message has one line per problem, each naming the scene and the fix."""


@dataclass(frozen=True)
class Talk:
    """A talk. `moderation` is approve or open; `votes` is last or first. See README for the meaning of each option."""

    title: str = "Call and Response"
    moderation: str = "approve"
    votes: str = "last"
    keep_numbers_days: int = 1
    presenter_phone: str = ""
    price_per_segment: float = 0.0
    currency: str = "USD"
    links: tuple[str, ...] = ()
    scenes: tuple[Scene, ...] = ()

    @property
    def positions(self) -> Mapping[str, int]:
        """Scene id -> position, counted from 1."""
        return MappingProxyType({scene.id: at for at, scene in enumerate(self.scenes, 1)})

    def find(self, scene_id: str) -> Scene | None:
        """Return the scene with this id, or None."""
        return next((scene for scene in self.scenes if scene.id == scene_id), None)


_type_hints = cache(get_type_hints)  # uncached, it evaluates every annotation again


def load(path: Path = DEFAULT_PATH, command_words: Collection[str] = ()) -> Talk:
    """Read and check a talk file. Raises TalkError, with all problems. For `command_words` see `parse`."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TalkError(f"{path}: {error.strerror}. Set TALK to the path of a talk file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TalkError(f"{path} is not valid TOML: {error}") from error
    talk, problems = parse(content, command_words)
    if problems:
        raise TalkError("\n".join([f"The talk file {path} cannot be used:", *problems]))
    return talk


def parse(content: Mapping[str, Any], command_words: Collection[str] = ()) -> tuple[Talk, list[str]]:
    """Return the talk, and a sentence for each problem. `command_words` are the names and aliases of commands."""
    problems: list[str] = []
    tables = content.get("scene", [])
    if not isinstance(tables, list) or not tables:
        problems.append("The talk has no scenes: add at least one [[scene]].")
        tables = []
    options = {name: value for name, value in content.items() if name != "scene"}
    talk = Talk(**_options(Talk, options, "talk", problems))
    if not 0 < len(talk.title) <= MAX_TITLE_CHARACTERS:
        problems.append(f"talk: title must have 1 to {MAX_TITLE_CHARACTERS} characters, to leave room for the number")
    if talk.moderation not in ("approve", "open"):
        problems.append(f"talk: moderation is '{talk.moderation}': use approve or open")
    if talk.votes not in ("last", "first"):
        problems.append(f"talk: votes is '{talk.votes}': use last or first")
    if talk.keep_numbers_days < 1:
        problems.append(f"talk: keep_numbers_days is {talk.keep_numbers_days}: use 1 or more")
    if len(tables) > MAX_SCENES:
        problems.append(f"talk: there are {len(tables)} scenes: use at most {MAX_SCENES}")
    scenes = list(_scenes(tables[:MAX_SCENES], talk, command_words, problems))
    return replace(talk, scenes=tuple(scenes)), problems


def _scenes(tables: list[Any], talk: Talk, command_words: Collection[str], problems: list[str]) -> Iterator[Scene]:
    kinds = load_kinds()
    seen: Counter[str] = Counter()
    ids: set[str] = set()
    for position, table in enumerate(tables, 1):
        name = str(table.get("kind", "")) if isinstance(table, dict) else ""
        if name not in kinds:
            problems.append(f"scene {position}: kind is '{name}': use one of {', '.join(kinds)}")
            continue
        kind, where = kinds[name], f"scene {position}, {name}"
        values = _options(kind, {key: value for key, value in table.items() if key != "kind"}, where, problems)
        seen[name] += 1
        values.setdefault("id", name if seen[name] == 1 else f"{name}-{seen[name]}")
        for rule in WHOLE_TALK & set(values):
            problems.append(f"{where}: set {rule} above the first [[scene]], for the whole talk")
        for rule in INHERITED & {field.name for field in fields(kind)}:
            values.setdefault(rule, getattr(talk, rule))
        scene = kind(**values)
        if not SCENE_ID.fullmatch(scene.id):
            problems.append(f"{where}: the id '{scene.id}' must be 1 to 40 letters, digits and hyphens, such as tabs")
        if scene.id in ids:
            problems.append(f"{where}: the id '{scene.id}' belongs to another scene: choose another one")
        ids.add(scene.id)
        problems += [f"{where}: {problem}" for problem in find_problems(scene, command_words)]
        yield scene


def _options(kind: type, options: Mapping[str, Any], where: str, problems: list[str]) -> dict[str, Any]:
    """Return the options that `kind`, a dataclass, accepts. Add a sentence to `problems` for each other option."""
    hints = _type_hints(kind)
    known = [field.name for field in fields(kind) if field.name != "scenes"]
    accepted: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            problems.append(f"{where}: unknown option '{name}': use {', '.join(known)}")
            continue
        wanted = getattr(hints[name], "__origin__", hints[name])
        if wanted is float and type(value) is int:
            value = float(value)
        if wanted is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = tuple(value)
        if type(value) is not wanted:
            problems.append(f"{where}: {name} must be {TYPE_NAMES[wanted]}")
            continue
        accepted[name] = value
    return accepted


# The app's talk


def init_app(app: Flask, settings: Settings, command_words: Collection[str]) -> None:
    """Read the talk file, and attach the talk to the app. Raises TalkError."""
    app.extensions["talk"] = load_talk(settings.talk, command_words)


def load_talk(path: str, command_words: Collection[str]) -> Talk:
    """Read the talk file at this path, or this repository's if the path is "". Raises TalkError."""
    return load(Path(path) if path else DEFAULT_PATH, command_words)


def current_talk() -> Talk:
    """Return the current app's talk."""
    found: Talk = current_app.extensions["talk"]
    return found
