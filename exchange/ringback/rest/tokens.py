"""The Token resource of the Network Traversal Service. `ice_servers` is empty: there is no STUN or TURN server."""

from __future__ import annotations

from typing import Any

from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.service.dates import rfc2822
from ringback.service.sids import new_sid

EVIDENCE = documented("stun-turn/api")
DEFAULT_TTL_SECONDS = MAX_TTL_SECONDS = 86_400


def create(request: ApiRequest) -> dict[str, Any]:
    now = rfc2822(request.state.clock.now())
    ttl = parameters.whole_number(request, "Ttl", DEFAULT_TTL_SECONDS, 20001, 1, MAX_TTL_SECONDS)
    return {
        "account_sid": request.account,
        "date_created": now,
        "date_updated": now,
        "ice_servers": [],
        "password": new_sid(""),
        "ttl": str(ttl),
        "username": new_sid(""),
    }
