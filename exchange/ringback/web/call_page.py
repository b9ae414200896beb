"""The page of one call: its sequence, made here, for browsers; the same as JSON for everyone else."""

from __future__ import annotations

from html import escape

from aiohttp import web

from ringback.calls.call import Call
from ringback.state import State
from ringback.web.json_responses import RequestRefused, add_route
from ringback.web.sequence_diagram import DiagramStep, lanes, legs_of, steps

HEAD = """<!doctype html>
<html lang="en-GB">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title}</title>
  <link rel="icon" href="/pages/phones/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/pages/tokens.css">
  <link rel="stylesheet" href="/pages/calls/page.css">
  <script type="module" src="/pages/calls/{script}"></script>
</head>
<body>
  <header>
    <h1>{title}</h1>
    <nav aria-label="Pages">
      <a href="/">Phones</a> <a href="/calls">Calls</a> <a href="/faults">Faults</a> <a href="/debugger">Debugger</a>
    </nav>
  </header>
"""


def add_routes(app: web.Application, state: State) -> None:
    add_route(app, state, "GET", "/calls/{sid}", show_call)


async def show_call(state: State, request: web.Request) -> web.Response:
    """JSON, or the page for a browser that comes to look."""
    call = state.calls.get(request.match_info["sid"])
    if call is None:
        raise RequestRefused(404, "There is no such call: it may be so old that it was forgotten")
    found, named = steps(state, call), lanes(state, call)
    if "text/html" not in request.headers.get("Accept", ""):
        shown = [step.as_json() for step in found]
        return web.json_response({"call": call.as_json(), "lanes": named, "steps": shown}, headers={"Vary": "Accept"})
    return as_html(page(state, call, named, found))


def as_html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers={"Vary": "Accept"})


def head(title: str, script: str) -> str:
    """A page's beginning, up to its main part; `title` is HTML already."""
    return HEAD.format(title=title, script=script)


def page(state: State, call: Call, named: list[str], found: list[DiagramStep]) -> str:
    """The whole page; `data-live` on its main part says that more is to come."""
    title = escape(f"{state.display_name(call.plan.from_)} calls {state.display_name(call.plan.to)}")
    live = any(not each.is_over for each in [call, *legs_of(state, call)])
    spans = "".join(f"<span>{escape(name)}</span>" for name in named)
    rows = "\n".join(_row(step, place, call, named) for place, step in enumerate(found))
    return (
        head(title, "call.js")
        + f"<main{' data-live' if live else ''}>\n{_about(state, call)}\n"
        + f'<div class="scroll lanes-{len(named)}" tabindex="0" role="region" aria-label="Sequence">\n'
        + f'<p class="lanes" aria-hidden="true"><span class="when">s</span>{spans}</p>\n'
        + f'<ol class="sequence">\n{rows}\n</ol>\n</div>\n</main>\n</body>\n</html>\n'
    )


def _about(state: State, call: Call) -> str:
    lasted = call.duration()
    words = call.status + (f", {lasted} s" if lasted is not None and call.answered else "")
    others = [("made by", state.calls.get(call.plan.parent or ""))] + [("leg", leg) for leg in legs_of(state, call)]
    links = [
        f'{word} <a href="/calls/{other.sid}">{escape(state.display_name(other.plan.handset))}</a>'
        for word, other in others
        if other
    ]
    about = " · ".join([f'<strong class="{level_of(call)}">{escape(words)}</strong>', call.sid, *links])
    return f'<p class="about" role="status">{about}</p>'


def level_of(call: Call) -> str:
    """How it goes: the class of its status."""
    return {"completed": "good", "in-progress": "now", "ringing": "wait", "queued": "wait"}.get(call.status, "refused")


def _row(step: DiagramStep, place: int, call: Call, named: list[str]) -> str:
    first, last = sorted((step.source, step.target))
    way = "here" if first == last else "right" if step.source < step.target else "left"
    whence = f"{named[step.source]}: " if first == last else f"{named[step.source]} to {named[step.target]}: "
    seconds = (step.at - call.created).total_seconds()
    words = f'<span class="unseen">{escape(whence)}</span>{escape(step.words)}'
    if step.detail:
        inside = f"<pre>{escape(step.detail)}</pre>"
        words = f'<details id="step-{place}"><summary>{words}</summary>{inside}</details>'
    arrow = "" if first == last else '<span class="arrow" aria-hidden="true"></span>'
    return (
        f'<li class="{step.kind} {way} {step.level}"><time datetime="{step.at.isoformat()}">{seconds:.2f}</time>'
        f'<div class="from-{first} to-{last}"><div class="words">{words}</div>{arrow}</div></li>'
    )
