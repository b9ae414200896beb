"""Providers: each module in this package defines one, whose webhooks are accepted at /webhooks/<module name>.

A provider module contains one subclass of `Provider`. The module's docstring starts with the provider's name, a colon
and a link to the documentation of its signatures. Modules are discovered automatically, and the shared tests in
tests/receiving/providers cover them without registration. Two modules contain base classes instead: BASE_CLASSES.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

from config import Secrets
from receiving.providers.base import Provider

BASE_CLASSES = {"base", "timestamped_hmac"}


@cache
def load() -> Mapping[str, Provider]:
    """Return all providers by name, in alphabetical order."""
    names = sorted({module.name for module in pkgutil.iter_modules(__path__)} - BASE_CLASSES)
    return {name: _load_provider(importlib.import_module(f"{__name__}.{name}")) for name in names}


def check_settings(secrets_by_name: Mapping[str, Secrets]) -> None:
    """Raise ConfigError if the secrets of a known provider cannot be used."""
    for name in load().keys() & secrets_by_name.keys():
        load()[name].check_setting(secrets_by_name[name])


def setting_rows() -> Iterator[tuple[str, str]]:
    """Return the providers' rows in the settings table: the variable's name and its description."""
    return ((provider.setting_name, provider.setting_description) for provider in load().values())


def _load_provider(module: ModuleType) -> Provider:
    """Return the Provider that this module defines. Raises TypeError if it is incomplete."""
    found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Provider)]
    (provider,) = [one for one in found if one.__module__ == module.__name__]
    missing = [name for name in Provider.__annotations__ if not hasattr(provider, name)]
    if missing:
        raise TypeError(f"{module.__name__} lacks {', '.join(missing)}; receiving/providers/base.py explains them")
    return provider()
