"""Finds out whether a request is sent on a connection that has been kept open since an earlier one."""

from __future__ import annotations

from typing import Any

import aiohttp


def trace_reused_connections() -> aiohttp.TraceConfig:
    """Sets `is_reused` of a request's `trace_request_ctx` if the request is sent on a kept connection.

    A WebSocket handshake has no context, and is not repeated."""

    async def mark(session: aiohttp.ClientSession, context: Any, parameters: object) -> None:
        if context.trace_request_ctx is not None:
            context.trace_request_ctx.is_reused = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(mark)
    return trace
