"""Items from the audience, such as texts for the wall, which the presenter approves or hides.

Each item is stored under its scene. Its state is the sorted set that contains its id: pending, approved, answered or
hidden. The contents of a hidden item are kept, so that the presenter can still approve it.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from show import friendly_names
from show.base_scene import TTL_SECONDS, SceneError
from show.contribution_limits import MAX_ITEMS, MAX_ITEMS_PER_PERSON, MAX_PENDING
from store import Pipe, Store, execute

PENDING, APPROVED, ANSWERED, HIDDEN = STATES = ("pending", "approved", "answered", "hidden")
BANNED_KEY = "show:banned"  # set: people whose later items are not stored

STORED, KNOWN, BANNED = "stored", "known", "banned"  # what `submit` has done; the other outcomes are in REFUSALS


@dataclass(frozen=True)
class Item:
    """Something that a person has sent to a scene.

    `words` are sanitized for display. `kind` is text, picture, message (a recording), word or question. `media` is the
    path of the picture or recording in Twilio's REST API, or "". `time` is a Unix timestamp.
    """

    id: str
    scene_id: str
    person: str
    name: str
    time: float
    words: str = ""
    kind: str = "text"
    media: str = ""
    state: str = PENDING
    state_since: float = 0.0  # a Unix timestamp

    @property
    def media_sid(self) -> str:
        """The SID of the picture or recording; "" without one."""
        return self.media.rpartition("/")[2].removesuffix(".wav")

    @property
    def reference(self) -> str:
        """The value of the form field `item` for the presenter's actions, whichever scene is current."""
        return f"{self.scene_id}/{self.id}"


def storage_keys(scene_id: str) -> list[str]:
    """Return all keys of a scene's items."""
    return [
        _items_key(scene_id),
        _counts_key(scene_id),
        _order_key(scene_id),
        *(_state_key(state, scene_id) for state in STATES),
    ]


def submit(
    store: Store, pipe: Pipe, item: Item, is_approval_required: bool, max_items: int = MAX_ITEMS_PER_PERSON
) -> str:
    """Add the item to the webhook's pipeline, once. Return STORED, KNOWN, BANNED or a key of REFUSALS.

    The items of a banned person are not stored, and the person must not be told.
    """
    is_banned, is_known, count, pending, of_person = execute(
        store,
        [
            ("SISMEMBER", BANNED_KEY, item.person),
            ("HEXISTS", _items_key(item.scene_id), item.id),
            ("HLEN", _items_key(item.scene_id)),
            ("ZCARD", _state_key(PENDING, item.scene_id)),
            ("HGET", _counts_key(item.scene_id), item.person),
        ],
    )
    if is_banned or is_known:
        return BANNED if is_banned else KNOWN
    if int(of_person or 0) >= max_items:
        return "too many"
    if count >= MAX_ITEMS or pending >= MAX_PENDING:
        return "full"
    state = _state_key(PENDING if is_approval_required else APPROVED, item.scene_id)
    pipe.execute_command("HSETNX", _items_key(item.scene_id), item.id, _dump(item))
    pipe.execute_command("HINCRBY", _counts_key(item.scene_id), item.person, 1)
    pipe.execute_command("ZADD", state, "NX", item.time, item.id)
    for key in (_items_key(item.scene_id), _counts_key(item.scene_id), state):
        pipe.execute_command("EXPIRE", key, TTL_SECONDS)
    if not is_approval_required:
        _append_to_order(pipe, item)
    return STORED


def load(store: Store, scene_id: str, item_id: str) -> Item:
    """Return an item with its state. Raises SceneError if there is none with this id."""
    row, *scores = execute(
        store,
        [
            ("HGET", _items_key(scene_id), item_id),
            *(("ZSCORE", _state_key(state, scene_id), item_id) for state in STATES),
        ],
    )
    if row is None:
        raise SceneError("That item is no longer there. Reload the page.")
    state, since = next(pair for pair in (*zip(STATES, scores, strict=True), (HIDDEN, 0)) if pair[1] is not None)
    return _parse(row, scene_id, state, float(since))


def find_state(store: Store, scene_id: str, item_id: str) -> str:
    """Return the state of an item; HIDDEN if it does not exist."""
    scores = execute(store, [("ZSCORE", _state_key(state, scene_id), item_id) for state in STATES])
    return next((state for state, score in zip(STATES, scores, strict=True) if score is not None), HIDDEN)


def decide(store: Store, scene_id: str, item_id: str, state: str) -> Item:
    """Move an item to this state. Return it as it was before. Raises SceneError."""
    item = load(store, scene_id, item_id)
    _move(store, [item], state)
    if state == APPROVED and item.id not in load_order(store, scene_id):
        _append_to_order(store, item)
    return item


def ban(store: Store, scene_id: str, item_id: str) -> None:
    """Hide this item. Later items of the person who sent it will not be stored. Raises SceneError."""
    item = decide(store, scene_id, item_id, HIDDEN)
    pipe = store.pipeline()
    pipe.execute_command("SADD", BANNED_KEY, item.person)
    pipe.execute_command("EXPIRE", BANNED_KEY, TTL_SECONDS)
    pipe.execute()


def load_banned(store: Store) -> set[str]:
    """Return the people who are banned."""
    return {person.decode() for person in store.execute_command("SMEMBERS", BANNED_KEY)}


def hide(store: Store, items: Iterable[Item]) -> None:
    """Hide these items from the stage."""
    _move(store, items, HIDDEN)


def list_pending(store: Store, scene_ids: Sequence[str], count: int = 100) -> list[Item]:
    """Return the items of all these scenes that wait for a decision, oldest first."""
    waiting = [item for scene_id in scene_ids for item in load_items(store, scene_id, PENDING, count)]
    return sorted(waiting, key=lambda item: item.time)[:count]


def count_items(store: Store, scene_id: str, state: str) -> int:
    """Return the number of the scene's items in this state."""
    return int(store.zcard(_state_key(state, scene_id)))


def load_items(store: Store, scene_id: str, state: str, count: int = MAX_ITEMS, *, newest: bool = False) -> list[Item]:
    """Return up to `count` of the scene's items in this state: oldest first, or with `newest` the newest first."""
    found = store.zrange(_state_key(state, scene_id), 0, count - 1, desc=newest, withscores=True)
    rows = store.hmget(_items_key(scene_id), [id for id, _ in found]) if found else []
    return [_parse(row, scene_id, state, since) for row, (_, since) in zip(rows, found, strict=True) if row]


def load_order(store: Store, scene_id: str) -> list[str]:
    """Return the ids of all items that have ever been approved, in the order of their first approval.

    An erased item is replaced by "", so that the others keep their numbers.
    """
    ids = [id.decode() for id in store.lrange(_order_key(scene_id), 0, -1)]
    return [id for at, id in enumerate(ids) if not id or id not in ids[:at]]


def hand_over(store: Store, scene_id: str, person: str, senders: Mapping[str, str]) -> None:
    """Transfer items of this person to other people: `senders` maps the id of each item to its new sender."""
    for item_id, sender in senders.items():
        row = store.hget(_items_key(scene_id), item_id)
        if row and json.loads(row)["person"] == person:
            changed = json.loads(row) | {"person": sender, "name": friendly_names.load(store, sender)}
            store.hset(_items_key(scene_id), item_id, json.dumps(changed, ensure_ascii=False, separators=(",", ":")))


def _append_to_order(store: Store | Pipe, item: Item) -> None:
    store.execute_command("RPUSH", _order_key(item.scene_id), item.id)
    store.execute_command("EXPIRE", _order_key(item.scene_id), TTL_SECONDS)


def _move(store: Store, items: Iterable[Item], state: str) -> None:
    """Two presenters may do this at the same time: the last decision counts."""
    pipe, now = store.pipeline(), time.time()
    for item in items:
        for other in STATES:
            if other != state:
                pipe.execute_command("ZREM", _state_key(other, item.scene_id), item.id)
        pipe.execute_command("ZADD", _state_key(state, item.scene_id), now, item.id)
        pipe.execute_command("EXPIRE", _state_key(state, item.scene_id), TTL_SECONDS)
    pipe.execute()


def _dump(item: Item) -> str:
    row = {name: value for name, value in asdict(item).items() if name not in ("scene_id", "state", "state_since")}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _parse(row: bytes, scene_id: str, state: str, since: float) -> Item:
    return Item(scene_id=scene_id, state=state, state_since=since, **json.loads(row))


def _items_key(scene_id: str) -> str:
    return f"show:items:{scene_id}"


def _counts_key(scene_id: str) -> str:
    return f"show:item-counts:{scene_id}"


def _state_key(state: str, scene_id: str) -> str:
    return f"show:{state}:{scene_id}"


def _order_key(scene_id: str) -> str:
    return f"show:approval-order:{scene_id}"
