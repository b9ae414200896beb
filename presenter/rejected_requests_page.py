"""The rejected requests page: each rejected request, the mistake that explains it, and how to fix it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import redis
from flask import render_template, request

from masking import mask_field
from presenter import csrf
from presenter.blueprint import bp
from presenter.login import login_required
from receiving import rejected_requests
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import UNKNOWN, Mistake
from show.sanitize import sanitize
from stage.blueprint import get_page_store
from stage.presenter_session import is_logged_in
from stage.theme import requested_theme

MAX_EXAMINED = 2 * rejected_requests.MAX_REJECTED_REQUESTS  # all that the inbox stores
MAX_ROWS = 60
MAX_SENTENCE_CHARACTERS = 300
# Signatures are not shown, because some are genuine: these fields and all headers except those below are omitted.
SIGNATURE_FIELDS = ("bt_signature",)
SHOWN_HEADERS = ("host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "content-type", "user-agent")


@dataclass
class RejectedRow:
    """Consecutive rejected requests with the same request line and explanation, as displayed."""

    last_at: float
    first_at: float
    count: int
    request_line: str
    name: str
    explanation: str
    fix: str
    fields: list[tuple[str, str]]

    @property
    def is_explained(self) -> bool:
        """False if no known mistake explains the signature; most such requests are forgeries."""
        return self.name != UNKNOWN


@bp.get("/present/rejected")
@login_required
def rejected_requests_page() -> str:
    """The page; `?mistake=scheme` shows only the requests with that mistake."""
    return render_template(
        "presenter/rejected.html", csrf_token=csrf.token(), theme=requested_theme(), **_template_values()
    )


@bp.get("/present/rejected/fragment")
def rejected_fragment() -> str | tuple[str, int]:
    """The live part of the page; 403 unless logged in."""
    if not is_logged_in():
        return "", 403
    return render_template("presenter/_rejected.html", **_template_values())


def _template_values() -> dict[str, Any]:
    wanted = request.args.get("mistake", "")
    values: dict[str, Any] = {"is_store_up": True, "rows": [], "counts": [], "mistake": sanitize(wanted, 40)}
    try:
        found = rejected_requests.latest(get_page_store(), MAX_EXAMINED)
    except redis.RedisError:
        return values | {"is_store_up": False}
    values["counts"] = Counter(mistake.name for _, _, mistake in found).most_common()
    selected = [(delivery, mistake) for _, delivery, mistake in found if wanted in ("", mistake.name)]
    return values | {"rows": _group_rows(selected)[:MAX_ROWS]}


def _group_rows(rejected: list[tuple[Delivery, Mistake]]) -> list[RejectedRow]:
    rows: list[RejectedRow] = []
    for delivery, mistake in rejected:
        row = _rejected_row(delivery, mistake)
        if rows and (rows[-1].request_line, rows[-1].explanation) == (row.request_line, row.explanation):
            rows[-1].count += 1
            rows[-1].first_at = row.first_at
        else:
            rows.append(row)
    return rows


def _rejected_row(delivery: Delivery, mistake: Mistake) -> RejectedRow:
    request_line, received_at = sanitize(f"{delivery.method} {delivery.redacted_path}", 80), delivery.received_at
    explanation, fix = (sanitize(text, MAX_SENTENCE_CHARACTERS) for text in (mistake.explanation, mistake.fix))
    fields = _shown_fields(delivery)
    return RejectedRow(received_at, received_at, 1, request_line, mistake.name, explanation, fix, fields)


def _shown_fields(delivery: Delivery) -> list[tuple[str, str]]:
    fields = {"our own replay": "yes"} if delivery.replay_mark else {}
    fields |= {name: delivery.headers[name] for name in SHOWN_HEADERS if delivery.headers.get(name)}
    params = {name: mask_field(value) for name, value in delivery.params.items()}
    fields |= params or {"body": delivery.body.decode("utf-8", "replace")}
    return [
        (sanitize(name, 60), sanitize(value, 200))
        for name, value in fields.items()
        if value and name not in SIGNATURE_FIELDS
    ]
