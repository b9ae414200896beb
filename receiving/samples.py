"""Requests as providers send them, for tests and for `make send`."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from receiving.delivery import Delivery

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"


def make_json_delivery(url: str, facts: Any, **headers: str) -> Delivery:
    """A POST of these facts; `_` in a header's name stands for `-`."""
    body = json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode()
    return Delivery("POST", url, {"content-type": "application/json"}, body).with_headers(**headers)


def make_form_delivery(url: str, fields: Iterable[tuple[str, str]], **headers: str) -> Delivery:
    """The same as a form."""
    return Delivery("POST", url, {"content-type": FORM_CONTENT_TYPE}, urlencode(list(fields)).encode()).with_headers(
        **headers
    )
