"""Access to Redis: types for clients and pipelines, commit-if-unchanged, and cheaper round trips than redis-py's."""

from store.client_types import Commands, Execute, Pipe, Store, StreamId, Value
from store.conditional_commit import ConditionFailed, DeferredPipeline, commit_if_unchanged, new_pipeline, require
from store.round_trips import RawClient, RawPipeline, execute, raise_first_error

__all__ = [
    "Commands",
    "ConditionFailed",
    "DeferredPipeline",
    "Execute",
    "Pipe",
    "RawClient",
    "RawPipeline",
    "Store",
    "StreamId",
    "Value",
    "commit_if_unchanged",
    "execute",
    "new_pipeline",
    "raise_first_error",
    "require",
]
