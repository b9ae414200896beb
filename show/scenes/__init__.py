"""The kinds of scenes. Each module contains one subclass of `Scene`; its template is `templates/show/<kind>.html`."""

import functools
import importlib
import pkgutil
from collections.abc import Iterator

from show.base_scene import Scene


@functools.cache
def load_kinds() -> dict[str, type[Scene]]:
    """Return all kinds of scenes by name. Imports every module of this package."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {kind.kind: kind for kind in sorted(_subclasses(Scene), key=lambda kind: kind.kind) if kind.kind}


def _subclasses(base: type[Scene]) -> Iterator[type[Scene]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _subclasses(kind)
