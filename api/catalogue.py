"""The event catalogue as a page and as JSON: what our webhooks say. Public, like any documentation."""

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, render_template

from receiving import providers
from sending.webhooks import catalogue
from stage.blueprint import page_blueprint
from stage.views import theme

ANOTHERS = "github.star"  # stands for what other providers tell us
TALK = "https://talk.example"  # where the address in a thin example leads, as long as we have none ourselves


bp = page_blueprint("catalogue", __name__)


@dataclass(frozen=True)
class Entry:
    """One kind of event. `parts` are its JSON texts: an id for the page, a title, the text."""

    name: str
    about: str
    is_open: bool
    parts: tuple[tuple[str, str, str], ...]


@bp.get("/catalogue")
def catalogue_page() -> str:
    """Each kind with a sentence, an example and its schema."""
    names = list(catalogue.CATALOGUE)
    families = {name.partition(".")[0]: [one for one in names if one.startswith(name.split(".")[0])] for name in names}
    return render_template(
        "api/catalogue.html",
        families={family: [_entry(name) for name in members] for family, members in families.items()},
        anothers=_entry(ANOTHERS),
        providers={name: [_name(name, event) for event in one.samples] for name, one in providers.load().items()},
        theme=theme(),
    )


@bp.get("/catalogue.json")
def catalogue_json() -> Response:
    """The same for programs: name -> about, schema, example, and both again for thin payloads."""
    known = {name: _facts(name) for name in (*catalogue.CATALOGUE, ANOTHERS)}
    return Response(_written({"events": known}) + "\n", content_type="application/json")


def _facts(name: str) -> dict[str, Any]:
    thin = {"schema": catalogue.schema(name, is_thin=True), "example": _example(name, is_thin=True)}
    full = {"schema": catalogue.schema(name), "example": _example(name)}
    return {"about": catalogue.kind_of(name).about, **full, "thin": thin}


def _entry(name: str) -> Entry:
    facts, kind, id = _facts(name), catalogue.kind_of(name), name.replace(".", "-")
    parts = (
        (f"{id}-example", "Example", _written(facts["example"])),
        (f"{id}-schema", "JSON schema", _written(facts["schema"])),
        (f"{id}-thin", "Thin payload", _written(facts["thin"]["example"])),
    )
    return Entry(name, kind.about[0].upper() + kind.about[1:], kind.is_open, parts)


def _example(name: str, is_thin: bool = False) -> dict[str, Any]:
    origin = current_app.extensions["settings"].public_url or TALK
    return catalogue.example(name, is_thin=is_thin, origin=origin)


def _name(provider: str, event: str) -> str:
    return ".".join([provider, *filter(None, map(catalogue.in_a_name, event.split(".")))])


def _written(facts: Any) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=2)
