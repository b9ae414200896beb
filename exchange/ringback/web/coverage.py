"""The tables of docs/coverage.md, generated from the code: `python -m ringback.web.coverage` prints them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ringback.evidence import Evidence
from ringback.rest import unsupported
from ringback.rest.product_routes import NEWER_PRODUCTS
from ringback.rest.routes import INSTANCE_ROUTES, LIST_ROUTES
from ringback.service.faults import FAULT_EVIDENCE, FAULT_KINDS
from ringback.verbs.registry import TwimlElement, elements

TABLES = (LIST_ROUTES, INSTANCE_ROUTES, *NEWER_PRODUCTS.values())


class CoverageError(Exception):
    """A route or a fault has no source. The message says which, and how to fix it."""


def coverage_table() -> str:
    """All tables as Markdown."""
    return "\n".join([*_verbs(), "", *_rest(), "", *_not_emulated(), "", *_faults()])


def _verbs() -> list[str]:
    """The verbs, followed by the nouns."""
    rows = ["| TwiML | | attributes without effect | source |", "|---|---|---|---|"]
    listed = [entry for entry in elements().values() if entry.in_coverage]
    for entry in sorted(listed, key=lambda entry: entry.run is None):
        without_effect = ", ".join(entry.without_effect.split())
        rows.append(f"| {entry.name} | {_support(entry)} | {without_effect} | {_source(entry.evidence)} |")
    return rows


def _support(entry: TwimlElement) -> str:
    return "run" if entry.supported else f"skipped with a warning: {entry.reason}"


def _rest() -> list[str]:
    rows = ["| REST, under `/2010-04-01/Accounts/{AccountSid}` | | source |", "|---|---|---|"]
    rows += [_route(f"{path}.json", methods) for path, methods in sorted((LIST_ROUTES | INSTANCE_ROUTES).items())]
    for product, table in NEWER_PRODUCTS.items():
        rows += ["", f"| REST, at `{product}.twilio.com` or the exchange's own URL | | source |", "|---|---|---|"]
        rows += [_route(path, methods) for path, methods in table.items()]
    return rows


def _route(path: str, methods: dict[str, Any]) -> str:
    return f"| `{path}` | {' '.join(methods)} | {_source(_evidence_of(next(iter(methods.values()))))} |"


def _not_emulated() -> list[str]:
    """The table of resources for which requests get a 501."""
    rows = ["| REST, rejected by name (501) | methods | reason | source |", "|---|---|---|---|"]
    for table, evidence in (
        (unsupported.OF_THE_ACCOUNT, unsupported.ACCOUNT_EVIDENCE),
        (unsupported.OF_MESSAGING, unsupported.MESSAGING_EVIDENCE),
    ):
        for (method, path), reason in table.items():
            rows.append(f"| `{path}` | {method.replace('*', 'all')} | {reason} | {_source(evidence)} |")
    return rows


def _faults() -> list[str]:
    rows = [f"| `{kind}` | {effect} | {_source(FAULT_EVIDENCE[kind])} |" for kind, effect in FAULT_KINDS.items()]
    return ["| fault | | source |", "|---|---|---|", *rows]


def _source(evidence: Evidence | None) -> str:
    return f"[{evidence.certainty}]({evidence.url}), {evidence.checked}" if evidence else ""


def _evidence_of(resource: Callable[..., Any]) -> Evidence | None:
    """Returns the evidence that the module of a REST resource function states."""
    return getattr(sys.modules[resource.__module__], "EVIDENCE", None)


def _check() -> None:
    """Raises RegistryError or CoverageError if an entry of the tables has no source."""
    elements()
    functions = [function for table in TABLES for methods in table.values() for function in methods.values()]
    modules = sorted({function.__module__ for function in functions if _evidence_of(function) is None})
    if modules:
        raise CoverageError(f"{', '.join(modules)}: add EVIDENCE = documented(…), observed(…) or inferred(…)")
    if differing := sorted(FAULT_EVIDENCE.keys() ^ FAULT_KINDS.keys()):
        raise CoverageError(f"ringback/service/faults.py: {', '.join(differing)}: add to both KINDS and EVIDENCE")


_check()  # at import, so that no exchange starts with a table that contradicts its code

if __name__ == "__main__":
    print(coverage_table())
