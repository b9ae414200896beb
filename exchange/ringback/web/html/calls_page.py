"""The list of calls and texts, newest first, as HTML for browsers and as JSON for scripts."""

from __future__ import annotations

from datetime import datetime
from html import escape
from itertools import islice
from urllib.parse import urlencode

from aiohttp import web

from ringback.calls.call import Call
from ringback.messages.message import Message
from ringback.service.dates import iso8601_milliseconds
from ringback.state import State
from ringback.web.html.call_page import level_of
from ringback.web.html.page_head import as_html, head
from ringback.web.html.readable_numbers import readable
from ringback.web.json_responses import RequestRefused, add_route

DEFAULT_LIMIT, MAX_LIMIT = 200, 2000
KINDS = {"": ("All", "called or texted"), "calls": ("Calls", "called"), "texts": ("Texts", "texted")}
LEVELS = {"delivered": "good", "received": "good", "undelivered": "refused", "failed": "refused", "canceled": "refused"}
EMPTY = '<p class="about">Nobody has {} yet. <a href="/">Open the phones</a> and be the first.</p>'


def add_routes(app: web.Application, state: State) -> None:
    add_route(app, state, "GET", "/calls", show, ("handset", "limit", "kind"))


async def show(state: State, request: web.Request) -> web.Response:
    """At most `limit` calls and `limit` texts. The query selects one `handset`, and one `kind` (calls or texts)."""
    limit, handset, kind = _limit(request), request.query.get("handset", "").strip(), _kind(request)
    calls = [call for call in reversed(state.calls.values()) if handset in ("", call.plan.handset)][:limit]
    texts = [text for text in reversed(state.messages.values()) if handset in ("", text.handset)][:limit]
    calls, texts = calls if kind != "texts" else [], texts if kind != "calls" else []
    if "text/html" in request.headers.get("Accept", ""):
        return as_html(page(state, calls, texts, limit, _filter_links(request, kind), EMPTY.format(KINDS[kind][1])))
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


def page(state: State, calls: list[Call], texts: list[Message], limit: int, links: str, empty: str) -> str:
    """The page as HTML: the filter's links, and the newest `limit` calls and texts, or else `empty`."""
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
