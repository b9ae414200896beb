"""The developer API: the debugger, requests to the app, faults, coverage and the clock, as JSON."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from ringback.service.dates import iso8601_milliseconds
from ringback.service.faults import CHANNELS, FAULT_KINDS, FAULT_OPTIONS, FAULT_PARAMETERS, InvalidFault
from ringback.state import State
from ringback.web import coverage
from ringback.web.html import page_head
from ringback.web.json_requests import RequestRefused, add_route, number_field, read_json

MAX_SEED = 2**53  # up to this, JavaScript represents every integer exactly
MAX_STEP_SECONDS = 366 * 24 * 3600.0


def add_routes(app: web.Application, state: State) -> None:
    route = partial(add_route, app, state)
    route("GET", "/debugger", alerts)
    route("DELETE", "/debugger", delete_alerts)
    route("GET", "/requests", requests, ("sid",))
    route("GET", "/faults", faults)
    route("POST", "/faults", add_fault)
    route("POST", "/faults/dice", reseed)
    route("DELETE", "/faults", remove_faults)
    route("DELETE", "/faults/{id}", remove_fault)
    route("GET", "/coverage", show_coverage)
    route("GET", "/clock", show_clock)
    route("POST", "/clock", step_clock)
    route("POST", "/reset", reset)


async def alerts(state: State, request: web.Request) -> web.StreamResponse:
    """HTML if the Accept header asks for it, otherwise JSON."""
    if "text/html" in request.headers.get("Accept", ""):
        return page_head.debugger_page(request, state.settings.links)
    return web.json_response({"alerts": list(state.debugger.alerts)})


async def delete_alerts(state: State, request: web.Request) -> web.Response:
    state.debugger.alerts.clear()
    return web.Response(status=204)


async def requests(state: State, request: web.Request) -> web.Response:
    """The last 500 requests to the app, oldest first, and how many further requests await an answer.

    `?sid=` selects the requests for one call or text."""
    sid = request.query.get("sid", "")
    found = [entry.as_json() for entry in state.webhooks.log if not sid or entry.webhook.sid == sid]
    return web.json_response({"requests": found, "pending": state.webhooks.pending})


async def faults(state: State, request: web.Request) -> web.StreamResponse:
    """HTML if the Accept header asks for it, otherwise JSON."""
    if "text/html" in request.headers.get("Accept", ""):
        return page_head.faults_page(request, state.settings.links)
    active = [fault.as_json() for fault in state.faults.active.values()]
    choices = {"kinds": FAULT_KINDS, "needs": FAULT_PARAMETERS, "channels": CHANNELS[1:], "seed": state.faults.seed}
    return web.json_response({"faults": active} | choices)


async def reseed(state: State, request: web.Request) -> web.Response:
    """Reseed the random generator for faults. Body: {"seed": 3}"""
    seed = (await read_json(request, "seed")).get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int) or abs(seed) > MAX_SEED:
        raise RequestRefused(400, f"seed must be a whole number from -{MAX_SEED} to {MAX_SEED}.")
    state.faults.reseed(seed)
    return web.json_response({"seed": seed})


async def add_fault(state: State, request: web.Request) -> web.Response:
    try:
        fault = state.faults.add(await read_json(request, "kind", "times", "chance", *FAULT_OPTIONS))
    except InvalidFault as error:
        raise RequestRefused(400, str(error)) from None
    return web.json_response(fault.as_json(), status=201)


async def remove_faults(state: State, request: web.Request) -> web.Response:
    state.faults.active.clear()
    return web.Response(status=204)


async def remove_fault(state: State, request: web.Request) -> web.Response:
    fault_id = request.match_info["id"]
    if not fault_id.isascii() or not fault_id.isdigit() or not state.faults.active.pop(int(fault_id[:9]), None):
        raise RequestRefused(404, "There is no active fault with this id. It may already have happened `times` times.")
    return web.Response(status=204)


async def show_coverage(state: State, request: web.Request) -> web.Response:
    return web.Response(text=coverage.coverage_table())


async def show_clock(state: State, request: web.Request) -> web.Response:
    clock, seconds = state.clock, state.clock.seconds_until_next_timer()
    return web.json_response(
        {
            "now": iso8601_milliseconds(clock.now()),
            "stopped": clock.stopped_at is not None,
            "next_timer_seconds": None if seconds is None else round(seconds, 3),
        }
    )


async def step_clock(state: State, request: web.Request) -> web.Response:
    """Move the clock forward. Body: {"forward": seconds}"""
    body = await read_json(request, "forward")
    await state.clock.forward(number_field(body, "forward", 0, MAX_STEP_SECONDS))
    return await show_clock(state, request)


async def reset(state: State, request: web.Request) -> web.Response:
    """Forget everything that has happened, for the next test. Body: {}"""
    await read_json(request)
    await state.reset()
    return web.Response(status=204)
