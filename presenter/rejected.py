"""Why did this fail: what was turned away at the door, the mistake that explains it, and how to mend it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import redis
from flask import render_template, request

from masking import mask_addresses
from presenter import auth
from presenter.auth import for_the_presenter
from presenter.blueprint import bp
from receiving import inbox
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from stage.blueprint import store
from stage.sanitize import tame
from stage.views import theme

LOOKED_AT = 2 * inbox.REFUSED_KEPT  # all there are
ROWS = 60
LONGEST = 300  # characters of a sentence
# Signatures are not shown: some of them are genuine. Most are headers; of these, what tells about the way it came is.
SIGNATURES = ("bt_signature",)
TELLING = ("host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "content-type", "user-agent")


@dataclass
class Row:
    """Refusals of the same kind that came one after the other, in words fit for a screen; `last` is the newest."""

    last: float
    first: float
    count: int
    what: str
    name: str
    words: str
    mend: str
    facts: list[tuple[str, str]]

    @property
    def is_explained(self) -> bool:
        """False when no usual mistake fits: most of these are forgeries."""
        return self.name != UNKNOWN


@bp.get("/present/refusals")
@for_the_presenter
def rejected() -> str:
    """The whole page; `?mistake=scheme` shows those alone."""
    return render_template("presenter/refusals.html", token=auth.token(), theme=theme(), **_now())


@bp.get("/present/refusals/now")
def refusals_now() -> str | tuple[str, int]:
    """The part that moves."""
    if not auth.is_presenter():
        return "", 403
    return render_template("presenter/_refusals.html", **_now())


def _now() -> dict[str, Any]:
    wanted = request.args.get("mistake", "")
    try:
        found = inbox.refused(store(), LOOKED_AT)
    except redis.RedisError:
        return {"answers": False, "rows": [], "counts": [], "wanted": tame(wanted, 40)}
    counts = Counter(mistake.name for _, _, mistake in found).most_common()
    chosen = [one for one in found if wanted in ("", one[2].name)]
    return {"answers": True, "rows": _rows(chosen)[:ROWS], "counts": counts, "wanted": tame(wanted, 40)}


def _rows(found: list[tuple[str, Delivery, Mistake]]) -> list[Row]:
    rows: list[Row] = []
    for _, delivery, mistake in found:
        row = _row(delivery, mistake)
        if rows and (rows[-1].what, rows[-1].words) == (row.what, row.words):
            rows[-1].count += 1
            rows[-1].first = row.first
        else:
            rows.append(row)
    return rows


def _row(delivery: Delivery, mistake: Mistake) -> Row:
    told = {name: delivery.headers[name] for name in TELLING if delivery.headers.get(name)}
    said = {name: mask_addresses(text) for name, text in delivery.params.items()}
    said = said or {"body": delivery.body.decode("utf-8", "replace")}
    fields = {**({"a replay of ours": "yes"} if delivery.fed_in else {}), **told, **said}
    facts = [(tame(name, 60), tame(text, 200)) for name, text in fields.items() if text and name not in SIGNATURES]
    what, at = tame(f"{delivery.method} {delivery.shown}", 80), delivery.received_at
    words, mend = (tame(text, LONGEST) for text in (mistake.words, mistake.mend))
    return Row(at, at, 1, what, mistake.name, words, mend, facts)
