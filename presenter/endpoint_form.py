"""A subscriber's wishes as a form: the contract's fields, as somebody fills them in by hand."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from api.schema import OPERATIONS, WISHES, Unfit, check
from sending.webhooks.endpoints import Subscriber

SECRET = ("authorization", "headers")  # never shown again: left empty they stay as they are
UPDATE = OPERATIONS["/subscribers/{id}"]["PATCH"]


def read(form: Mapping[str, str], is_new: bool = False) -> dict[str, Any]:
    """The wishes in this form, as the API takes them. Unfit, naming the field, when one cannot be."""
    body: dict[str, Any] = {}
    for name, schema in WISHES.items():
        given = form.get(name, "").strip()
        if name in SECRET and not given and (is_new or not form.get(f"forget_{name}")):
            continue
        if schema["type"] == "string" and is_new and not given and not schema.get("minLength"):
            continue
        body[name] = READERS[schema["type"]](name, given)
    check(body, UPDATE)
    return body


def write(one: Subscriber) -> dict[str, str]:
    """What stands in the form of this subscriber; nothing secret."""
    row = {**asdict(one), "kinds": "\n".join(one.kinds)}
    known = {name: row[name] for name in WISHES if name not in SECRET}
    return {name: ("yes" if value else "") if isinstance(value, bool) else str(value) for name, value in known.items()}


def _whole(name: str, given: str) -> int:
    try:
        return int(given)
    except ValueError:
        raise Unfit(f"The field {name} wants a whole number.") from None


def _pairs(name: str, given: str) -> dict[str, str]:
    lines = [line.partition(":") for line in given.splitlines() if line.strip()]
    if any(not colon for _, colon, _ in lines):
        raise Unfit("Write one header a line, such as X-Team: blue.")
    return {name.strip(): value.strip() for name, _, value in lines}


READERS: dict[str, Callable[[str, str], Any]] = {
    "string": lambda name, given: given,
    "boolean": lambda name, given: bool(given),
    "integer": _whole,
    "array": lambda name, given: given.replace(",", " ").split(),
    "object": _pairs,
}
