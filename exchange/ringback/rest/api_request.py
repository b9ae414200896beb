"""Handles every REST API request: authentication, faults, calling the resource function, response and headers.

https://www.twilio.com/docs/usage/requests-to-twilio (2026-11)"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from ringback.rest.authentication import authenticated_account
from ringback.rest.errors import RestError
from ringback.service.sids import new_sid
from ringback.state import State

log = logging.getLogger("exchange")
STANDARD_HEADERS = {"X-Home-Region": "us1", "X-Shenanigans": "none"}
FAULT_CODES = {429: 20429, 500: 20500, 503: 20503}


class ReadParameters:
    """The parameters of a query or form; names may be repeated. Remembers which names have been read."""

    def __init__(self, values: Any) -> None:
        self.values = values  # a multidict
        self.names_read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names_read.add(name)
        return self.values.get(name, default)

    def getall(self, name: str, default: Any = None) -> Any:
        self.names_read.add(name)
        return self.values.getall(name, default)

    def __contains__(self, name: str) -> bool:
        self.names_read.add(name)
        return name in self.values

    def items(self) -> Any:
        """All names and values. They are not marked as read."""
        return self.values.items()

    def unread(self) -> list[str]:
        return [name for name in dict.fromkeys(self.values) if name not in self.names_read]


@dataclass
class ApiRequest:
    """One authenticated request. `account` is the account SID."""

    state: State
    account: str
    http: web.Request
    form: ReadParameters
    query: ReadParameters

    def text(self, name: str, default: str = "") -> str:
        value = self.form.get(name, default)
        return value if isinstance(value, str) else default

    def texts(self, name: str) -> list[str]:
        return [value for value in self.form.getall(name, []) if isinstance(value, str)]

    def has(self, name: str) -> bool:
        return name in self.form

    def path(self, name: str) -> str:
        return self.http.match_info[name]


def endpoint(
    state: State, resource: Any, created: bool, simulated: Any, product: str = "api"
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler for one route: authenticates, applies faults and calls `resource`.

    For requests with the test credentials, it calls `simulated` instead. Both functions return the JSON body, or None
    for a 204, and may raise RestError. `created` makes the status 201. `product` is the first label of the product's
    host.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        response = await _respond(state, resource, created, simulated, request)
        response.headers.update(STANDARD_HEADERS | {"X-API-Domain": f"{product}.twilio.com"})
        response.headers["Twilio-Request-Id"] = new_sid("RQ")
        response.headers["Twilio-Request-Duration"] = f"{time.perf_counter() - started:.3f}"
        response.headers["Twilio-Concurrent-Requests"] = "1"
        if fault := state.faults.trigger("rest-slow", "rest", request.path):
            return await _trickled(state, request, response, fault.seconds)
        return response

    return handle


async def _respond(
    state: State, resource: Any, created: bool, simulated: Any, request: web.Request
) -> web.StreamResponse:
    try:
        account = authenticated_account(state, request)
        if fault := state.faults.trigger("rest-delay", "rest", request.path):
            await state.clock.sleep(fault.seconds)
        if fault := state.faults.trigger("rest-refuse", "rest", request.path):
            raise RestError(FAULT_CODES.get(fault.status, 20500), status=fault.status)
        form, query = ReadParameters(await _form(request)), ReadParameters(request.query)
        api_request = ApiRequest(state, account, request, form, query)
        body = resource(api_request) if account == state.settings.account_sid else simulated(api_request)
        if asyncio.iscoroutine(body):
            body = await body
    except RestError as error:
        _log_to_call(state, request, request.match_info.get("sid", ""), error.status)
        return error.response()
    except Exception:
        log.exception("%s %s failed in the exchange", request.method, request.path)
        return RestError(20500).response()
    if unread := (query if request.method == "GET" else form).unread():
        state.debugger.report(20001, sid=_sid_of(body) or None, detail=", ".join(unread)[:200])
    _log_to_call(state, request, request.match_info.get("sid") or _sid_of(body), 201 if created else 200)
    if state.faults.trigger("rest-drop", "rest", request.path) and request.transport:
        request.transport.abort()
    return _as_response(body, created)


def _log_to_call(state: State, request: web.Request, sid: str, status: int) -> None:
    """Add the request to the log of the call with this SID, unless it is a GET."""
    call = state.calls.get(sid) if request.method != "GET" else None
    if call:
        call.log.add("rest", (request.method, request.path, status))


def _sid_of(body: Any) -> str:
    return str(body.get("sid", "")) if isinstance(body, dict) else ""


def _as_response(body: Any, created: bool) -> web.StreamResponse:
    if isinstance(body, web.StreamResponse):
        return body
    if body is None:
        return web.Response(status=204)
    return web.json_response(body, status=201 if created else 200)


async def _trickled(
    state: State, request: web.Request, response: web.StreamResponse, seconds: float
) -> web.StreamResponse:
    """The response, sent slowly over `seconds`."""
    body = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
    slow = web.StreamResponse(status=response.status, headers=response.headers)
    slow.content_length = len(body)
    await slow.prepare(request)
    async for chunk in state.clock.trickle(body, seconds):
        await slow.write(chunk)
    return slow


async def _form(request: web.Request) -> Any:
    """The form in the body, empty if the body is not a form. Raises RestError if it is invalid."""
    try:
        return await request.post()
    except web.HTTPException as error:  # too large, or too many fields
        raise RestError(20001, status=error.status) from None
    except (ValueError, LookupError, BadHttpMessage):
        raise RestError(20001) from None
