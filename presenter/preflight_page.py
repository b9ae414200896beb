"""The page of checks to run before a talk."""

from flask import render_template, request

import context
from presenter import csrf
from presenter.blueprint import bp
from presenter.login import login_required
from presenter.preflight_checks import Subject, run
from show import talk_file
from stage.blueprint import get_page_store
from stage.theme import requested_theme

MAX_PEOPLE = 100_000


@bp.get("/present/preflight")
@login_required
def preflight_page() -> str:
    """Perform all checks for an audience of `?people=`, and show the findings."""
    text = request.args.get("people", "")
    people = min(int(text), MAX_PEOPLE) if text.isdecimal() and len(text) < 9 else 200
    findings = run(Subject(context.settings(), get_page_store(), talk_file.current_talk(), people))
    return render_template(
        "presenter/preflight.html",
        findings=findings,
        people=people,
        csrf_token=csrf.token(),
        theme=requested_theme(),
    )
