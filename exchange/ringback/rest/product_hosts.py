"""Twilio's products that the exchange speaks for, each by its host name, and what it answers there."""

from __future__ import annotations

from typing import Any

from ringback.rest import alerts, lookups, verify

SERVICE = "/v2/Services/{sid}"
# Product: address: what GET, POST and DELETE do there. The oldest one, api, has a table of its own.
NEWER_PRODUCTS: dict[str, dict[str, dict[str, Any]]] = {
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
# Where each product's addresses begin; its host is api.twilio.com, and so on.
PRODUCT_PATHS: dict[str, tuple[str, ...]] = {"api": ("/2010-04-01/",)} | {
    product: tuple(dict.fromkeys(path.partition("/{")[0] for path in table))
    for product, table in NEWER_PRODUCTS.items()
}
VERSIONS = ("/2010-04-01/", "/v1/", "/v2/")


def is_rest(path: str) -> bool:
    """Does REST answer there, if only with its own refusal?"""
    return path.startswith(VERSIONS)
