"""The privacy page: export, purge, and the receipts of purges."""

from typing import Any

import redis
from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

import context
from presenter import audit_log, csrf
from presenter.blueprint import bp
from presenter.login import login_required
from show import friendly_names, talk_file
from show.privacy import export, purge, purge_receipts
from stage.blueprint import get_page_store
from stage.presenter_session import presenter_name
from stage.theme import requested_theme


@bp.get("/present/privacy")
@login_required
def privacy_page() -> str:
    """The page."""
    return _render()


@bp.post("/present/privacy")
@login_required
def purge_now() -> ResponseReturnValue:
    """Erase everything that was stored about people, and show the receipt."""
    csrf.check()
    store, pipe = get_page_store(), get_page_store().pipeline()
    try:
        purge.purge_everything(store, talk_file.current_talk(), presenter_name())
        audit_log.record(pipe, presenter_name(), "purge")
        pipe.execute()
    except redis.RedisError:
        page = _render("Redis is not responding, so not everything has been deleted. Try again.")
        return Response(page, 503, {"Retry-After": "5"})
    return _render()


@bp.get("/present/export.<format>")
@login_required
def export_talk(format: str) -> ResponseReturnValue:
    """The contributions as `csv` or `json`; with `?numbers=yes`, phone numbers too."""
    if format not in ("csv", "json"):
        abort(404, "Exports have the formats csv and json.")
    has_numbers, store, talk = request.args.get("numbers") == "yes", get_page_store(), talk_file.current_talk()
    rows = export.list_rows(store, talk, context.settings() if has_numbers else None)
    pipe = store.pipeline()
    audit_log.record(pipe, presenter_name(), "export", "with numbers" if has_numbers else "")
    pipe.execute()
    attachment = {"Content-Disposition": f'attachment; filename="talk.{format}"'}
    if format == "csv":
        return Response(export.as_csv(rows, has_numbers), 200, attachment, content_type="text/csv; charset=utf-8")
    return {"title": talk.title, "contributions": export.as_dicts(rows, has_numbers)}, 200, attachment


def _render(alert: str = "") -> str:
    values: dict[str, Any] = {"people": None, "receipts": []}  # unknown while the store does not respond
    store = get_page_store()
    try:
        values = {"people": store.hlen(friendly_names.NAMES_KEY), "receipts": purge_receipts.load_receipts(store)}
    except redis.RedisError:
        alert = alert or "Redis is not responding."
    return render_template(
        "presenter/privacy.html",
        csrf_token=csrf.token(),
        theme=requested_theme(),
        alert=alert,
        days=talk_file.current_talk().keep_numbers_days,
        **values,
    )
