"""The export of a talk: what the audience has contributed, as rows for CSV and JSON."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

import config
from masking import alias
from phone_numbers import phone_number_of
from receiving import stored_requests
from show import encrypted_phone_numbers, friendly_names, moderation
from show.base_scene import Scene
from show.moderated_scene import ModeratedScene
from show.scenes.words import Words
from show.talk_file import Talk
from store import Store

ANSWERS = ("votes", "scores", "entries")  # hashes of a scene: person -> what they answered
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")  # a spreadsheet would execute such a cell


@dataclass(frozen=True)
class Row:
    """One contribution. `state` is an item's moderation state, otherwise "". `number` is "" unless requested."""

    scene: str
    kind: str
    name: str
    words: str
    state: str = ""
    time: str = ""
    number: str = ""


def list_rows(store: Store, talk: Talk, settings: config.Settings | None = None) -> list[Row]:
    """Return all contributions, scene by scene. With `settings`, the rows include the known phone numbers."""
    name_of = {person.decode(): name.decode() for person, name in store.hgetall(friendly_names.NAMES_KEY).items()}
    numbers = _find_numbers(store, settings, list(name_of)) if settings else {}
    return [
        Row(scene.id, scene.kind, name_of.get(person, ""), words, state, time, numbers.get(person, ""))
        for scene in talk.scenes
        for person, words, state, time in _contributions(store, scene)
    ]


def _contributions(store: Store, scene: Scene) -> Iterator[tuple[str, str, str, str]]:
    """Yield (person, words, state, time)."""
    if isinstance(scene, ModeratedScene):
        for state in moderation.STATES:
            for item in moderation.load_items(store, scene.id, state):
                yield item.person, item.words or item.kind, item.state, _format_time(item.time)
    if isinstance(scene, Words):
        for person, item in scene.shared_words(store):
            yield person, item.words, item.state, ""
    for key in (scene.key(name) for name in ANSWERS):
        if key in scene.storage_keys():
            for person, words in store.hgetall(key).items():
                yield person.decode(), words.decode(), "", ""


def _format_time(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _find_numbers(store: Store, settings: config.Settings, people: Sequence[str]) -> dict[str, str]:
    """Return a dict that maps people to numbers, from the inbox and from the numbers that the presenter may call."""
    recent = {
        phone_number_of(entry.delivery["From"]) for entry in stored_requests.latest(store, stored_requests.MAX_REQUESTS)
    }
    found = {alias(number, settings.secret_key[0]): number for number in recent if number}
    for person in people:
        if person not in found:
            found[person] = encrypted_phone_numbers.load(store, settings.secret_key, person)
    return found


def as_csv(rows: Sequence[Row], has_numbers: bool) -> str:
    """Return the rows as CSV (RFC 4180). Cells that start like a formula are prefixed with an apostrophe."""
    columns = [field.name for field in fields(Row) if has_numbers or field.name != "number"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_as_text(getattr(row, column)) for column in columns] for row in rows)
    return text.getvalue()


def as_dicts(rows: Sequence[Row], has_numbers: bool) -> list[dict[str, str]]:
    """Return the rows for JSON."""
    columns = [field.name for field in fields(Row) if has_numbers or field.name != "number"]
    return [{name: value for name, value in asdict(row).items() if name in columns} for row in rows]


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(FORMULA_STARTS) or cell.startswith(FORMULA_STARTS) else cell
