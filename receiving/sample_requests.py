"""Builds requests like those that providers send, for tests, `make send` and backfill."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from receiving.delivery import Delivery

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"


def make_json_delivery(url: str, data: Any, **headers: str) -> Delivery:
    """Return a POST with this data as JSON; `_` in header names stands for `-`."""
    body = json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
    return Delivery("POST", url, {"content-type": "application/json"}, body).with_headers(**headers)


def make_form_delivery(url: str, fields: Iterable[tuple[str, str]], **headers: str) -> Delivery:
    """Return a POST with these fields as a form; `_` in header names stands for `-`."""
    body = urlencode(list(fields)).encode()
    return Delivery("POST", url, {"content-type": FORM_CONTENT_TYPE}, body).with_headers(**headers)
