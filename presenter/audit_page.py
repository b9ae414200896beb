"""The page that shows who did what, and when."""

from collections import Counter

import redis
from flask import render_template, request

from presenter import audit_log, csrf
from presenter.blueprint import bp
from presenter.login import login_required
from show.sanitize import sanitize
from stage.blueprint import get_page_store
from stage.theme import requested_theme


@bp.get("/present/audit")
@login_required
def audit_page() -> str:
    """The page; `?who=phone 3f2a` lists only what this presenter did."""
    wanted = request.args.get("who", "")
    try:
        entries, is_store_up = audit_log.load(get_page_store()), True
    except redis.RedisError:
        entries, is_store_up = [], False
    return render_template(
        "presenter/audit.html",
        csrf_token=csrf.token(),
        theme=requested_theme(),
        is_store_up=is_store_up,
        people=Counter(entry.who for entry in entries).most_common(),
        selected=sanitize(wanted, 40),
        entries=[entry for entry in entries if wanted in ("", entry.who)],
    )
