"""The tables of docs/coverage.md, generated from the code: `python -m ringback.web.coverage` prints them."""

from __future__ import annotations

from ringback.rest.product_hosts import NEWER_PRODUCTS
from ringback.rest.routes import INSTANCE_ROUTES, LIST_ROUTES
from ringback.service.faults import FAULT_KINDS
from ringback.verbs.registry import VOICE, elements


def coverage_table() -> str:
    """All tables as Markdown."""
    return "\n".join([*_verbs(), "", *_rest(), "", *_faults()])


def _verbs() -> list[str]:
    """The verbs, followed by the nouns."""
    rows = ["| TwiML | | attributes without effect |", "|---|---|---|"]
    voice = [entry for entry in elements().values() if VOICE in entry.channels and entry.in_coverage]
    for entry in sorted(voice, key=lambda entry: entry.run is None):
        support = "run" if entry.supported else "skipped with a warning"
        rows.append(f"| {entry.name} | {support} | {', '.join(entry.without_effect.split())} |")
    return rows


def _rest() -> list[str]:
    rows = ["| REST, under `/2010-04-01/Accounts/{AccountSid}` | |", "|---|---|"]
    for path, methods in sorted((LIST_ROUTES | INSTANCE_ROUTES).items()):
        rows.append(f"| `{path}.json` | {' '.join(methods)} |")
    for product, table in NEWER_PRODUCTS.items():
        rows += ["", f"| REST, at `{product}.twilio.com` or the exchange's own URL | |", "|---|---|"]
        rows += [f"| `{path}` | {' '.join(methods)} |" for path, methods in table.items()]
    return rows


def _faults() -> list[str]:
    return ["| fault | |", "|---|---|", *(f"| `{kind}` | {effect} |" for kind, effect in FAULT_KINDS.items())]


if __name__ == "__main__":
    print(coverage_table())
