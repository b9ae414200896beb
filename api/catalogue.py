"""The event catalogue as a page and as JSON: what our webhooks say. Public, like any documentation."""

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, render_template

from receiving import providers
from sending.webhooks import catalogue
from stage.blueprint import create_page_blueprint
from stage.views import requested_theme

EXAMPLE_PROVIDER_EVENT = "github.star"  # stands for what other providers tell us
EXAMPLE_ORIGIN = "https://talk.example"  # where the address in a thin example leads, as long as we have none ourselves


bp = create_page_blueprint("catalogue", __name__)


@dataclass(frozen=True)
class CatalogueEntry:
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
        families={family: [_build_entry(name) for name in members] for family, members in families.items()},
        anothers=_build_entry(EXAMPLE_PROVIDER_EVENT),
        providers={
            name: [_provider_event_type(name, event) for event in one.samples] for name, one in providers.load().items()
        },
        theme=requested_theme(),
    )


@bp.get("/catalogue.json")
def catalogue_json() -> Response:
    """The same for programs: name -> about, schema, example, and both again for thin payloads."""
    known = {name: _describe(name) for name in (*catalogue.CATALOGUE, EXAMPLE_PROVIDER_EVENT)}
    return Response(_to_json({"events": known}) + "\n", content_type="application/json")


def _describe(name: str) -> dict[str, Any]:
    thin = {"schema": catalogue.build_schema(name, is_thin=True), "example": _build_example(name, is_thin=True)}
    full = {"schema": catalogue.build_schema(name), "example": _build_example(name)}
    return {"about": catalogue.get_event_type(name).about, **full, "thin": thin}


def _build_entry(name: str) -> CatalogueEntry:
    facts, kind, id = _describe(name), catalogue.get_event_type(name), name.replace(".", "-")
    parts = (
        (f"{id}-example", "Example", _to_json(facts["example"])),
        (f"{id}-schema", "JSON schema", _to_json(facts["schema"])),
        (f"{id}-thin", "Thin payload", _to_json(facts["thin"]["example"])),
    )
    return CatalogueEntry(name, kind.about[0].upper() + kind.about[1:], kind.is_open, parts)


def _build_example(name: str, is_thin: bool = False) -> dict[str, Any]:
    origin = current_app.extensions["settings"].public_url or EXAMPLE_ORIGIN
    return catalogue.build_example(name, is_thin=is_thin, origin=origin)


def _provider_event_type(provider: str, event: str) -> str:
    return ".".join([provider, *filter(None, map(catalogue.normalize_name, event.split(".")))])


def _to_json(facts: Any) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=2)
