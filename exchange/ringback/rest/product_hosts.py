"""The Twilio products that the exchange emulates, each with its host and routes.

https://github.com/twilio/twilio-oai (2026-11)"""

from __future__ import annotations

from typing import Any

from ringback.rest import alerts, contents, lookups, verify

SERVICE = "/v2/Services/{sid}"
# Each product's functions by path and method. The routes of the oldest product, api, are in routes.py.
NEWER_PRODUCTS: dict[str, dict[str, dict[str, Any]]] = {
    "content": {
        "/v1/Content": {"GET": contents.list_all, "POST": contents.create},
        "/v1/Content/{sid}": {"GET": contents.fetch, "DELETE": contents.delete},
    },
    "lookups": {
        "/v1/PhoneNumbers/{number}": {"GET": lookups.fetch_v1},
        "/v2/PhoneNumbers/{number}": {"GET": lookups.fetch},
    },
    "monitor": {"/v1/Alerts": {"GET": alerts.list_all}, "/v1/Alerts/{sid}": {"GET": alerts.fetch}},
    "verify": {
        "/v2/Services": {"GET": verify.list_services, "POST": verify.create_service},
        SERVICE: {"GET": verify.fetch_service, "POST": verify.update_service, "DELETE": verify.delete_service},
        f"{SERVICE}/Verifications": {"POST": verify.create},
        f"{SERVICE}/Verifications/{{verification}}": {"GET": verify.fetch, "POST": verify.update},
        f"{SERVICE}/VerificationCheck": {"POST": verify.check},
    },
}
# Each product's path prefixes. The host of product `api`, for example, is api.twilio.com.
PRODUCT_PATHS: dict[str, tuple[str, ...]] = {"api": ("/2010-04-01/",)} | {
    product: tuple(dict.fromkeys(path.partition("/{")[0] for path in table))
    for product, table in NEWER_PRODUCTS.items()
}
VERSIONS = ("/2010-04-01/", "/v1/", "/v2/")


def is_rest(path: str) -> bool:
    """Whether the path belongs to a REST API, even one that the exchange does not emulate."""
    return path.startswith(VERSIONS)
