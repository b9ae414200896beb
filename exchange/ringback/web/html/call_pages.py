"""The list of calls and texts, and the sequence diagram of one call, as HTML for browsers and as JSON for scripts."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape
from itertools import islice
from urllib.parse import urlencode

from aiohttp import web

from ringback.calls.call import Call
from ringback.messages.message import Message
from ringback.service.dates import iso8601_milliseconds
from ringback.state import State
from ringback.web.handset_request import number_in_query
from ringback.web.html.page_head import as_html, head
from ringback.web.html.sequence_diagram import DiagramStep, lanes, legs_of, steps
from ringback.web.json_requests import RequestRefused, add_route

DEFAULT_LIMIT, MAX_LIMIT = 200, 2000
KINDS = {"": ("All", "called or texted"), "calls": ("Calls", "called"), "texts": ("Texts", "texted")}
LEVELS = {"delivered": "good", "received": "good", "undelivered": "refused", "failed": "refused", "canceled": "refused"}
EMPTY = '<p class="about">Nobody has {} yet. <a href="/">Open the phones</a> and be the first.</p>'
FORMATS = (
    (r"^\+44(7\d{3})(\d{6})$", r"+44 \1 \2"),
    (r"^\+44(\d{4})(\d{6})$", r"+44 \1 \2"),
    (r"^\+1(\d{3})(\d{3})(\d{4})$", r"+1 \1 \2 \3"),
    (r"^\+(\d{2})(\d{3})(\d{3})(\d+)$", r"+\1 \2 \3 \4"),
    (r"^client:(.+)$", r"\1"),
)
WHATSAPP = "whatsapp:"


def add_routes(app: web.Application, state: State) -> None:
    add_route(app, state, "GET", "/calls", show_list, ("handset", "limit", "kind"))
    add_route(app, state, "GET", "/calls/{sid}", show_call)


async def show_call(state: State, request: web.Request) -> web.Response:
    """One call. HTML if the Accept header asks for it, otherwise JSON."""
    call = state.calls.get(request.match_info["sid"])
    if call is None:
        raise RequestRefused(404, "There is no such call. It may be an old call that has been deleted.")
    call_steps, names = steps(state, call), lanes(state, call)
    if "text/html" not in request.headers.get("Accept", ""):
        diagram = {"call": call.as_json(), "lanes": names, "steps": [step.as_json() for step in call_steps]}
        return web.json_response(diagram, headers={"Vary": "Accept"})
    return as_html(call_page(state, call, names, call_steps))


def call_page(state: State, call: Call, names: list[str], call_steps: list[DiagramStep]) -> str:
    """The page as HTML. Its <main> has the attribute `data-live` until the call and all of its legs have ended."""
    names = [readable(name) for name in names]
    title = escape(" calls ".join(readable(state.display_name(number)) for number in (call.plan.from_, call.plan.to)))
    live = any(not each.is_over for each in [call, *legs_of(state, call)])
    spans = "".join(f"<span>{escape(name)}</span>" for name in names)
    rows = "\n".join(_step(step, index, call, names) for index, step in enumerate(call_steps))
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


def _step(step: DiagramStep, index: int, call: Call, names: list[str]) -> str:
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


async def show_list(state: State, request: web.Request) -> web.Response:
    """At most `limit` calls and `limit` texts. The query selects one `handset`, and one `kind` (calls or texts)."""
    limit, handset, kind = _limit(request), number_in_query(request.query.get("handset", "")), _kind(request)
    calls = [call for call in reversed(state.calls.values()) if handset in ("", call.plan.handset)][:limit]
    texts = [text for text in reversed(state.messages.values()) if handset in ("", text.handset)][:limit]
    calls, texts = calls if kind != "texts" else [], texts if kind != "calls" else []
    if "text/html" in request.headers.get("Accept", ""):
        return as_html(
            list_page(state, calls, texts, limit, _filter_links(request, kind), EMPTY.format(KINDS[kind][1]))
        )
    found = {"calls": [call.as_json(heard=False) for call in calls], "texts": [text.as_json() for text in texts]}
    return web.json_response(found, headers={"Vary": "Accept"})


def _kind(request: web.Request) -> str:
    kind = request.query.get("kind", "")
    if kind not in KINDS:
        raise RequestRefused(400, "kind must be calls or texts.")
    return kind


def _filter_links(request: web.Request, kind: str) -> str:
    """Links to the same list with calls and texts, only calls, and only texts."""
    others = {name: value for name, value in request.query.items() if name != "kind"}
    links = []
    for each, (label, _) in KINDS.items():
        query = urlencode(others | ({"kind": each} if each else {}))
        current = ' aria-current="true"' if each == kind else ""
        links.append(f'<a href="/calls{"?" if query else ""}{escape(query)}"{current}>{label}</a>')
    return f'<nav class="filter" aria-label="Filter">{" ".join(links)}</nav>'


def _limit(request: web.Request) -> int:
    limit = request.query.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and 0 < int(limit[:9]) <= MAX_LIMIT):
        raise RequestRefused(400, f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    return int(limit)


def list_page(state: State, calls: list[Call], texts: list[Message], limit: int, links: str, empty: str) -> str:
    """The page as HTML: the filter's links, and the newest `limit` calls and texts, or `empty` if there are none."""
    rows = [(call.created, _call(state, call)) for call in calls] + [
        (text.created, _text(state, text)) for text in texts
    ]
    newest = [row for _, row in islice(sorted(rows, key=lambda row: row[0], reverse=True), limit)]
    titles = "".join(f'<th scope="col">{title}</th>' for title in ("Time", "Call or text", "From", "To", "Status"))
    table = f"<table><thead><tr>{titles}</tr></thead>\n<tbody>\n{''.join(newest)}</tbody></table>" if newest else empty
    start = head("Calls and texts", "calls", "call-list.js", state.settings.links, "/calls")
    return f"{start}<main>\n{links}\n{table}\n</main>\n</body>\n</html>\n"


def _call(state: State, call: Call) -> str:
    duration = f", {call.duration()} s" if call.answered and call.is_over else ""
    what = f'<a href="/calls/{call.sid}">Call<span class="unseen"> {call.sid}</span></a>'
    return _row(state, call.created, what, (call.plan.from_, call.plan.to), call.status + duration, level_of(call))


def _text(state: State, text: Message) -> str:
    attachments = f"{text.num_media} attached" if text.num_media else ""
    what = f'<span class="kind">Text</span> {escape(" · ".join(filter(None, [text.body[:160], attachments])))}'
    status = f"{text.status} ({text.error_code})" if text.error_code else text.status
    return _row(state, text.created, what, (text.from_, text.to), status, LEVELS.get(text.status, "wait"))


def _row(state: State, at: datetime, what: str, numbers: tuple[str, str], status: str, level: str) -> str:
    when = f'<time datetime="{iso8601_milliseconds(at)}">{at:%H:%M:%S}</time>'
    parties = "".join(f"<td>{escape(readable(state.display_name(number)))}</td>" for number in numbers)
    return f'<tr><td>{when}</td><td class="what">{what}</td>{parties}<td class="{level}">{escape(status)}</td></tr>\n'


def readable(text: str) -> str:
    """A number with spaces, such as `+44 1632 960000`. Any other text, such as a name, is returned unchanged."""
    if text.startswith(WHATSAPP):
        return f"{readable(text.removeprefix(WHATSAPP))} (WhatsApp)"
    for pattern, replacement in FORMATS:
        if re.match(pattern, text):
            return re.sub(pattern, replacement, text)
    return text
