"""Erases what the scenes hold about people, or about one person. Every other module erases its own records."""

from collections import defaultdict
from dataclasses import replace

import events
from show import encrypted_phone_numbers, friendly_names, moderation, show_state
from show.talk_file import Talk
from store import Store
from store.erasure import Erasure, scan

ACTIVITY = ("text.received", "call.received", "show.changed")  # events that people and presenters cause


def erase_scenes(store: Store, erasure: Erasure) -> int:
    """Erase what all scenes have stored, and all friendly names. The state of the show remains."""
    note_media(store, erasure)
    return store.delete(
        *(key for keys in _keys_by_scene(store).values() for key in keys),
        friendly_names.NAMES_KEY,
        friendly_names.TAKEN_KEY,
        moderation.BANNED_KEY,
        encrypted_phone_numbers.NUMBERS_KEY,
    )


def note_media(store: Store, erasure: Erasure) -> None:
    """Note the recordings and pictures that the scenes have taken."""
    for key in [key for keys in _keys_by_scene(store).values() for key in keys]:
        if _type_of(store, key) == "hash":
            erasure.note_media(b" ".join(store.hgetall(key).values()))


def is_idle_since(store: Store, before: float) -> bool:
    """Whether nobody has called, texted or presented since this time."""
    recent = (event for event in events.read_latest(store, events.MAX_EVENTS) if event.time >= before)
    return show_state.load(store).changed_at < before and not any(event.type in ACTIVITY for event in recent)


def erase_person_in_scenes(store: Store, talk: Talk, erasure: Erasure) -> int:
    """Erase what this person has contributed to the scenes, and the person's name, under each alias."""
    aliases = (erasure.person, *erasure.older_aliases)
    return sum(_erase_alias_in_scenes(store, talk, replace(erasure, person=alias)) for alias in aliases)


def _erase_alias_in_scenes(store: Store, talk: Talk, erasure: Erasure) -> int:
    for scene in talk.scenes:
        scene.hand_over(store, erasure.person)
    erased = sum(_erase_person_in_scene(store, keys, erasure) for keys in _keys_by_scene(store).values())
    erased += _erase_members(store, moderation.BANNED_KEY, {erasure.person.encode()})
    erased += store.hdel(encrypted_phone_numbers.NUMBERS_KEY, erasure.person)
    name = store.hget(friendly_names.NAMES_KEY, erasure.person)
    if name:
        store.hdel(friendly_names.NAMES_KEY, erasure.person)
        store.srem(friendly_names.TAKEN_KEY, name)
    return erased + bool(name)


def _keys_by_scene(store: Store) -> dict[str, list[str]]:
    """Return all keys of each scene, by its id: see Scene.key. The talk file may no longer have the scene."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in {*scan(store, "show:*:*")} - {friendly_names.TAKEN_KEY}:
        found[key.split(":")[2]].append(key)
    return found


def _erase_person_in_scene(store: Store, keys: list[str], erasure: Erasure) -> int:
    person, ids = erasure.person.encode(), set[bytes]()
    erased = sum(_erase_fields(store, key, person, ids, erasure) for key in keys)
    return erased + sum(_erase_members(store, key, {person, *ids}) for key in keys)


def _type_of(store: Store, key: str) -> str:
    found = store.execute_command("TYPE", key)
    return found.decode() if isinstance(found, bytes) else str(found)


def _erase_fields(store: Store, key: str, person: bytes, ids: set[bytes], erasure: Erasure) -> int:
    """Erase a hash's fields that are named after the person or whose values mention them; add the fields to `ids`."""
    if _type_of(store, key) != "hash":
        return 0
    found = [(field, value) for field, value in store.hgetall(key).items() if field == person or person in value]
    for field, value in found:
        ids.add(field)
        erasure.note_media(value)
        store.hdel(key, field)
    return len(found)


def _erase_members(store: Store, key: str, names_of_person: set[bytes]) -> int:
    kind = _type_of(store, key)
    if kind == "list":
        return sum(
            _blank(store, key, at) for at, name in enumerate(store.lrange(key, 0, -1)) if name in names_of_person
        )
    remove = {"set": "SREM", "zset": "ZREM"}.get(kind)
    return int(store.execute_command(remove, key, *names_of_person)) if remove else 0


def _blank(store: Store, key: str, position: int) -> int:
    """Blank an entry: the list keeps its length, because the other items' positions are their numbers."""
    store.execute_command("LSET", key, position, "")
    return 1
