"""The start of each page except the phones: the document's head, and a header with links to the other pages."""

from __future__ import annotations

import hashlib
from html import escape
from pathlib import Path

from aiohttp import web

SCRIPT = '  <script type="module" src="/pages/{folder}/{script}"></script>\n'
HEAD = """<!doctype html>
<html lang="en-GB">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title} · Exchange</title>
  <link rel="icon" href="/pages/phones/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/pages/tokens.css">
  <link rel="stylesheet" href="/pages/{folder}/page.css">
{script_element}</head>
<body>
  <header>
    <h1>{title}</h1>{extra}
    <nav aria-label="Pages">{links}</nav>
  </header>
"""
PAGES = Path(__file__).parents[2] / "pages"
LINKS = {"/": "Phones", "/calls": "Calls", "/faults": "Faults", "/debugger": "Debugger", "/app": "App"}
CURRENT = ' aria-current="page"'
DEBUGGER_EXTRA = """
    <p id="state" role="status">Loading…</p>
    <button id="delete-alerts" type="button">Delete all alerts</button>"""


Links = tuple[tuple[str, str], ...]
"""The names and URLs of the links that `--link` adds to the header."""


def head(title: str, folder: str, script: str, more_links: Links, current: str = "", extra: str = "") -> str:
    """The page up to its <main>. `title` and `extra` are HTML; `extra` follows the title in the header.

    `folder` in pages/ contains the style sheet and the script; `script` is "" for a page without one. `current` is
    the path of the page itself, if the header links to it.
    """
    links = [f'<a href="{path}"{CURRENT if path == current else ""}>{name}</a>' for path, name in LINKS.items()]
    links.append(as_links(more_links))
    script_element = SCRIPT.format(folder=folder, script=script) if script else ""
    return HEAD.format(title=title, folder=folder, script_element=script_element, extra=extra, links=" ".join(links))


def as_links(links: Links) -> str:
    """These links as HTML."""
    return " ".join(f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in links)


def error_page(sentence: str, more_links: Links) -> str:
    """The page for a browser whose request failed."""
    return f"{head('Error', 'faults', '', more_links)}<main><p>{escape(sentence)}</p></main>\n</body>\n</html>\n"


def as_html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers={"Vary": "Accept"})


def phones_page(request: web.Request, more_links: Links) -> web.Response:
    text = (PAGES / "index.html").read_text()
    return _revalidated(request, text.replace("App</a></nav>", f"App</a> {as_links(more_links)}</nav>"))


def debugger_page(request: web.Request, more_links: Links) -> web.Response:
    start = head("Debugger", "debugger", "main.js", more_links, "/debugger", DEBUGGER_EXTRA)
    return _revalidated(request, start + (PAGES / "debugger/main.html").read_text())


def faults_page(request: web.Request, more_links: Links) -> web.Response:
    start = head("Faults", "faults", "main.js", more_links, "/faults")
    return _revalidated(request, start + (PAGES / "faults/main.html").read_text())


def _revalidated(request: web.Request, text: str) -> web.Response:
    """The page, which the browser caches but revalidates on each use; 304 if it has not changed."""
    etag = hashlib.sha256(text.encode()).hexdigest()[:16]
    is_known = any(known.value == etag for known in request.if_none_match or ())
    response = web.Response(status=304) if is_known else as_html(text)
    response.etag = etag
    response.headers["Cache-Control"] = "no-cache"
    return response
