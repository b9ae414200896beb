"""Lets each process compile the templates and URL builders once, not once per app: most tests create an app."""

from collections.abc import Callable
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class CodeInMemory(BytecodeCache):
    """The code of each template, keyed by its path, its text's checksum, and the function called for each value."""

    def __init__(self) -> None:
        self._codes: dict[tuple[Any, ...], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(_key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code:
            self._codes[_key(bucket)] = bucket.code


def _key(bucket: Bucket) -> tuple[Any, ...]:
    return bucket.key, bucket.checksum, bucket.environment.finalize


_compile_builder = Rule._compile_builder
_builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}


def _kept_builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    # A builder depends only on these; it finds its converters in the rule that it is called for.
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


def compile_once() -> None:
    """Keep what Jinja and Werkzeug compile, which takes most of the time of creating an app and its first pages."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CodeInMemory()}
    Rule._compile_builder = _kept_builder  # type: ignore[method-assign]
