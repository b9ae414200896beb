"""The page about one call: its sequence diagram as HTML for browsers, and as JSON for scripts."""

from __future__ import annotations

from html import escape

from aiohttp import web

from ringback.calls.call import Call
from ringback.state import State
from ringback.web.html.page_head import as_html, head
from ringback.web.html.readable_numbers import readable
from ringback.web.html.sequence_diagram import DiagramStep, lanes, legs_of, steps
from ringback.web.json_responses import RequestRefused, add_route


def add_routes(app: web.Application, state: State) -> None:
    add_route(app, state, "GET", "/calls/{sid}", show_call)


async def show_call(state: State, request: web.Request) -> web.Response:
    """HTML if the Accept header asks for it, otherwise JSON."""
    call = state.calls.get(request.match_info["sid"])
    if call is None:
        raise RequestRefused(404, "There is no such call. It may be an old call that has been deleted.")
    call_steps, names = steps(state, call), lanes(state, call)
    if "text/html" not in request.headers.get("Accept", ""):
        diagram = {"call": call.as_json(), "lanes": names, "steps": [step.as_json() for step in call_steps]}
        return web.json_response(diagram, headers={"Vary": "Accept"})
    return as_html(page(state, call, names, call_steps))


def page(state: State, call: Call, names: list[str], call_steps: list[DiagramStep]) -> str:
    """The page as HTML. Its <main> has the attribute `data-live` until the call and all of its legs have ended."""
    names = [readable(name) for name in names]
    title = escape(" calls ".join(readable(state.display_name(number)) for number in (call.plan.from_, call.plan.to)))
    live = any(not each.is_over for each in [call, *legs_of(state, call)])
    spans = "".join(f"<span>{escape(name)}</span>" for name in names)
    rows = "\n".join(_row(step, index, call, names) for index, step in enumerate(call_steps))
    return (
        head(title, "calls", "call.js", state.settings.links)
        + f"<main{' data-live' if live else ''}>\n{_summary(state, call)}\n"
        + f'<div class="scroll lanes-{len(names)}" tabindex="0" role="region" aria-label="Sequence">\n'
        + f'<p class="lanes" aria-hidden="true"><span class="when">s</span>{spans}</p>\n'
        + f'<ol class="sequence">\n{rows}\n</ol>\n</div>\n</main>\n</body>\n</html>\n'
    )


def _summary(state: State, call: Call) -> str:
    duration = call.duration()
    status = call.status + (f", {duration} s" if duration is not None and call.answered else "")
    related = [("parent call", state.calls.get(call.plan.parent or ""))]
    related += [("leg", leg) for leg in legs_of(state, call)]
    links = [
        f'{relation} <a href="/calls/{other.sid}">{escape(readable(state.display_name(other.plan.handset)))}</a>'
        for relation, other in related
        if other
    ]
    summary = " · ".join([f'<strong class="{level_of(call)}">{escape(status)}</strong>', call.sid, *links])
    return f'<p class="about" role="status">{summary}</p>'


def level_of(call: Call) -> str:
    """The CSS class for the call's status."""
    return {"completed": "good", "in-progress": "now", "ringing": "wait", "queued": "wait"}.get(call.status, "refused")


def _row(step: DiagramStep, index: int, call: Call, names: list[str]) -> str:
    first, last = sorted((step.source, step.target))
    direction = "here" if first == last else "right" if step.source < step.target else "left"
    route = f"{names[step.source]}: " if first == last else f"{names[step.source]} to {names[step.target]}: "
    seconds = (step.at - call.created).total_seconds()
    words = f'<span class="unseen">{escape(route)}</span>{escape(step.words)}'
    if step.detail:
        detail = f"<pre>{escape(step.detail)}</pre>"
        words = f'<details id="step-{index}"><summary>{words}</summary>{detail}</details>'
    arrow = "" if first == last else '<span class="arrow" aria-hidden="true"></span>'
    return (
        f'<li class="{step.kind} {direction} {step.level}"><time datetime="{step.at.isoformat()}">{seconds:.2f}</time>'
        f'<div class="from-{first} to-{last}"><div class="words">{words}</div>{arrow}</div></li>'
    )
