"""Why did this fail: what was turned away at the door, the mistake that explains it, and how to mend it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import redis
from flask import render_template, request

from masking import mask_urls
from presenter import auth
from presenter.auth import login_required
from presenter.blueprint import bp
from receiving import inbox
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from stage.blueprint import get_page_store
from stage.sanitize import sanitize
from stage.views import requested_theme

MAX_EXAMINED = 2 * inbox.MAX_REJECTED_REQUESTS  # all there are
MAX_ROWS = 60
MAX_SENTENCE_CHARACTERS = 300  # characters of a sentence
# Signatures are not shown: some of them are genuine. Most are headers; of these, what tells about the way it came is.
SIGNATURE_FIELDS = ("bt_signature",)
SHOWN_HEADERS = ("host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "content-type", "user-agent")


@dataclass
class RejectedRow:
    """Refusals of the same kind that came one after the other, in words fit for a screen; `last` is the newest."""

    last: float
    first: float
    count: int
    what: str
    name: str
    words: str
    fix: str
    facts: list[tuple[str, str]]

    @property
    def is_explained(self) -> bool:
        """False when no usual mistake fits: most of these are forgeries."""
        return self.name != UNKNOWN


@bp.get("/present/refusals")
@login_required
def rejected() -> str:
    """The whole page; `?mistake=scheme` shows those alone."""
    return render_template(
        "presenter/refusals.html", token=auth.csrf_token(), theme=requested_theme(), **_template_values()
    )


@bp.get("/present/refusals/now")
def rejected_fragment() -> str | tuple[str, int]:
    """The part that moves."""
    if not auth.is_logged_in():
        return "", 403
    return render_template("presenter/_refusals.html", **_template_values())


def _template_values() -> dict[str, Any]:
    wanted = request.args.get("mistake", "")
    try:
        found = inbox.latest_rejected(get_page_store(), MAX_EXAMINED)
    except redis.RedisError:
        return {"answers": False, "rows": [], "counts": [], "wanted": sanitize(wanted, 40)}
    counts = Counter(mistake.name for _, _, mistake in found).most_common()
    chosen = [one for one in found if wanted in ("", one[2].name)]
    return {"answers": True, "rows": _group_rows(chosen)[:MAX_ROWS], "counts": counts, "wanted": sanitize(wanted, 40)}


def _group_rows(found: list[tuple[str, Delivery, Mistake]]) -> list[RejectedRow]:
    rows: list[RejectedRow] = []
    for _, delivery, mistake in found:
        row = _rejected_row(delivery, mistake)
        if rows and (rows[-1].what, rows[-1].words) == (row.what, row.words):
            rows[-1].count += 1
            rows[-1].first = row.first
        else:
            rows.append(row)
    return rows


def _rejected_row(delivery: Delivery, mistake: Mistake) -> RejectedRow:
    told = {name: delivery.headers[name] for name in SHOWN_HEADERS if delivery.headers.get(name)}
    said = {name: mask_urls(text) for name, text in delivery.params.items()}
    said = said or {"body": delivery.body.decode("utf-8", "replace")}
    fields = {**({"a replay of ours": "yes"} if delivery.replay_mark else {}), **told, **said}
    facts = [
        (sanitize(name, 60), sanitize(text, 200))
        for name, text in fields.items()
        if text and name not in SIGNATURE_FIELDS
    ]
    what, at = sanitize(f"{delivery.method} {delivery.redacted_path}", 80), delivery.received_at
    words, mend = (sanitize(text, MAX_SENTENCE_CHARACTERS) for text in (mistake.explanation, mistake.fix))
    return RejectedRow(at, at, 1, what, mistake.name, words, mend, facts)
