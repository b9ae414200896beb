"""The public event catalog, as a page and as JSON: every event type with its schema and an example."""

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template

import context
from receiving import providers
from sending.webhooks import event_schemas
from sending.webhooks.event_schemas import CATALOGUE, EXAMPLE_PROVIDER_EVENT
from stage.theme import requested_theme
from web.security_headers import create_page_blueprint

EXAMPLE_ORIGIN = "https://talk.example"  # of links in thin payloads, if PUBLIC_URL is not set


bp = create_page_blueprint("catalogue", __name__)


@dataclass(frozen=True)
class CatalogueEntry:
    """One event type on the page. `blocks` contains its JSON texts as (HTML id, title, text)."""

    name: str
    description: str
    is_public: bool
    blocks: tuple[tuple[str, str, str], ...]


@bp.get("/catalogue")
def catalogue_page() -> str:
    """Return the catalog as a page."""
    families: dict[str, list[CatalogueEntry]] = {}
    for name in CATALOGUE:
        families.setdefault(name.partition(".")[0], []).append(_build_entry(name))
    return render_template(
        "api/catalogue.html",
        families=families,
        provider_entry=_build_entry(EXAMPLE_PROVIDER_EVENT),
        provider_event_types={
            name: [event_schemas.provider_event_type(name, event) for event in provider.samples]
            for name, provider in providers.load().items()
        },
        theme=requested_theme(),
    )


@bp.get("/catalogue.json")
def catalogue_json() -> Response:
    """Return the catalog as JSON: each event type's description, schema and example, for full and for thin payloads."""
    described = {name: _describe(name) for name in (*CATALOGUE, EXAMPLE_PROVIDER_EVENT)}
    return Response(_to_json({"events": described}) + "\n", content_type="application/json")


def _describe(name: str) -> dict[str, Any]:
    thin = {"schema": event_schemas.build_schema(name, is_thin=True), "example": _build_example(name, is_thin=True)}
    full = {"schema": event_schemas.build_schema(name), "example": _build_example(name)}
    return {"description": event_schemas.get_event_type(name).description, **full, "thin": thin}


def _build_entry(name: str) -> CatalogueEntry:
    described, event_type, id = _describe(name), event_schemas.get_event_type(name), name.replace(".", "-")
    blocks = (
        (f"{id}-example", "Example", _to_json(described["example"])),
        (f"{id}-schema", "JSON schema", _to_json(described["schema"])),
        (f"{id}-thin", "Thin payload", _to_json(described["thin"]["example"])),
    )
    description = event_type.description[0].upper() + event_type.description[1:]
    return CatalogueEntry(name, description, event_type.is_public, blocks)


def _build_example(name: str, is_thin: bool = False) -> dict[str, Any]:
    return event_schemas.build_example(name, is_thin=is_thin, origin=context.settings().public_url or EXAMPLE_ORIGIN)


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
