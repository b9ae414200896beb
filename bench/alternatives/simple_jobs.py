"""Jobs as most apps write them, in a module that is quick to import: RQ's default worker imports it for every job."""

import requests


def post(url: str, body: str) -> int:
    """Send a webhook and return the status code."""
    return requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=15).status_code


def nothing() -> None:
    """Do nothing: the benchmarks measure RQ's Webhook, or the request that enqueues the job."""
