"""Writes the generated parts of the documents, between `<!-- name -->` markers: `make docs`. A test checks them."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import config
from bench.__main__ import SECTIONS
from phone.commands import load_commands
from receiving import providers
from ringback.web import coverage
from scripts import capacity, tour

ROOT = Path(__file__).parents[1]
PARTS = (  # packages and root modules, from top to bottom
    *("app", "cli", "presenter", "api", "stage", "phone", "show", "receiving", "workers", "sending"),
    *("events", "masking", "store", "config"),
)


def tour_list() -> str:
    """Return the reading tour as a numbered list. Line counts are rounded to the nearest 50 to change rarely."""
    steps = [f"{number}. {step}: {_links(names)}" for number, (step, names) in enumerate(tour.TOUR.items(), 1)]
    return "\n".join(steps)


def _links(names: list[str]) -> str:
    return ", ".join(f"[`{name}`]({name}) ({max(50, round(tour.lines(name) / 50) * 50)})" for name in names)


def import_diagram() -> str:
    """Return the packages and their imports as a Mermaid flowchart, without imports implied by others."""
    edges = _without_implied({name: set(_imported_by(name)) for name in PARTS})
    rows = [f"    {part} --> {other}" for part in PARTS for other in sorted(edges[part])]
    return "\n".join(["```mermaid", "flowchart TD", *rows, "```"])


def _imported_by(part: str) -> Iterator[str]:
    paths = (ROOT / part).rglob("*.py") if (ROOT / part).is_dir() else [ROOT / f"{part}.py"]
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text()))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        yield from ({name.split(".")[0] for name in names} & set(PARTS)) - {part}


def _without_implied(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the transitive reduction of an acyclic graph."""

    def reachable(part: str) -> set[str]:
        return edges[part].union(*map(reachable, edges[part]))

    return {part: others - set().union(*map(reachable, others)) for part, others in edges.items()}


def commands_table() -> str:
    """Return a row for each command: what people can text or say, the key, and what they get."""
    rows = [(f"`{row.usage}`", row.key, row.help_text) for row in load_commands().values()]
    return format_table(("text or say", "key", "what you get"), rows)


def settings_table() -> str:
    """Return a row for each setting, from the descriptions in config.py."""
    settings = [row for row in fields(config.Settings) if "description" in row.metadata]
    rows = [(f"`{row.name.upper()}`", row.metadata["description"], row.metadata["default"] or "") for row in settings]
    return format_table(("setting", "what it is", "default"), rows)


def providers_table() -> str:
    """Return a row for the secret of each provider, from the descriptions in receiving/providers/."""
    rows = [(f"`{name}`", description) for name, description in providers.setting_rows()]
    return format_table(("setting", "what it is"), rows)


def bench_table() -> str:
    """Return a row for each section of the benchmarks."""
    return format_table(("section", "what it measures"), [(f"`{name}`", what) for name, what in SECTIONS.items()])


def format_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


GENERATED: dict[tuple[str, str], Callable[[], str]] = {
    ("README.md", "commands"): commands_table,
    ("README.md", "tour"): tour_list,
    ("README.md", "settings"): settings_table,
    ("README.md", "providers"): providers_table,
    ("README.md", "bench"): bench_table,
    ("exchange/docs/coverage.md", "coverage"): coverage.coverage_table,
    ("docs/architecture.md", "imports"): import_diagram,
    ("docs/scale.md", "capacity"): lambda: capacity.format_table([100, 1_000, 10_000], 0.1, 1),
}


def written(document: str, name: str) -> str:
    """Return what is between the `name` markers of a document."""
    found = _between(name).search((ROOT / document).read_text())
    if found is None:
        raise ValueError(f"{document} has no <!-- {name} --> … <!-- /{name} -->")
    return found[1].strip()


def _between(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {name} -->\n)(.*?)(?=<!-- /{name} -->)", re.DOTALL)


def main() -> None:
    """Write every generated part."""
    for (document, name), generate in GENERATED.items():
        path = ROOT / document
        text = f"{generate()}\n"
        path.write_text(_between(name).sub(lambda _, text=text: text, path.read_text()))  # type: ignore[misc]
        print(f"{document}: {name}")


if __name__ == "__main__":
    main()
