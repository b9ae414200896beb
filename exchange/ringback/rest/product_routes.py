"""The Twilio products that the exchange emulates, each with its host and routes.

https://github.com/twilio/twilio-oai (2026-11)"""

from __future__ import annotations

from typing import Any

from ringback.rest import alerts, contents, lookups, messaging_services, verify

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
    "messaging": {
        "/v1/Services": {"GET": messaging_services.list_all, "POST": messaging_services.create},
        "/v1/Services/{sid}": {
            "GET": messaging_services.fetch,
            "POST": messaging_services.update,
            "DELETE": messaging_services.delete,
        },
        "/v1/Services/{sid}/PhoneNumbers": {
            "GET": messaging_services.list_numbers,
            "POST": messaging_services.add_number,
        },
        "/v1/Services/{sid}/PhoneNumbers/{number}": {
            "GET": messaging_services.fetch_number,
            "DELETE": messaging_services.remove_number,
        },
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
