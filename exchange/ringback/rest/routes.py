"""The routes of the REST APIs, as Twilio's SDKs request them.

https://github.com/twilio/twilio-oai (2026-11)"""

from __future__ import annotations

from functools import partial
from typing import Any

from aiohttp import web

from ringback.rest import (
    accounts,
    addresses,
    applications,
    available_phone_numbers,
    balance,
    calls,
    conferences,
    incoming_phone_numbers,
    keys,
    messages,
    outgoing_caller_ids,
    participants,
    product_routes,
    queues,
    realtime_transcriptions,
    recordings,
    streams,
    test_credentials,
    tokens,
    transcriptions,
    unsupported,
    usage_records,
)
from ringback.rest.api_request import endpoint
from ringback.rest.errors import RestError, not_found
from ringback.state import State

BASE = "/2010-04-01/Accounts/{account}"
# Each resource's functions by path and method. A POST to a list creates a resource and returns 201.
LIST_ROUTES: dict[str, dict[str, Any]] = {
    "/Messages": {"GET": messages.list_all, "POST": messages.create},
    "/Messages/{sid}/Media": {"GET": messages.list_media},
    "/Calls": {"GET": calls.list_all, "POST": calls.create},
    "/Calls/{sid}/Recordings": {"GET": recordings.list_all, "POST": recordings.create},
    "/Calls/{sid}/Streams": {"POST": streams.create},
    "/Calls/{sid}/Transcriptions": {"POST": realtime_transcriptions.create},
    "/IncomingPhoneNumbers": {"GET": incoming_phone_numbers.list_all, "POST": incoming_phone_numbers.create},
    "/IncomingPhoneNumbers/Local": {"GET": incoming_phone_numbers.list_all, "POST": incoming_phone_numbers.create},
    "/IncomingPhoneNumbers/Mobile": {"GET": incoming_phone_numbers.list_all, "POST": incoming_phone_numbers.create},
    "/IncomingPhoneNumbers/TollFree": {"GET": incoming_phone_numbers.list_all, "POST": incoming_phone_numbers.create},
    "/Recordings": {"GET": recordings.list_all},
    "/Recordings/{sid}/Transcriptions": {"GET": transcriptions.list_all},
    "/Transcriptions": {"GET": transcriptions.list_all},
    "/Conferences": {"GET": conferences.list_all},
    "/Conferences/{sid}/Recordings": {"GET": recordings.list_all},
    "/Conferences/{sid}/Participants": {
        "GET": participants.list_all,
        "POST": participants.create,
    },
    "/Applications": {"GET": applications.list_all, "POST": applications.create},
    "/Keys": {"GET": keys.list_all, "POST": keys.create},
    "/AvailablePhoneNumbers/{country}/Local": {"GET": available_phone_numbers.search},
    "/AvailablePhoneNumbers/{country}/Mobile": {"GET": available_phone_numbers.search},
    "/AvailablePhoneNumbers/{country}/TollFree": {"GET": available_phone_numbers.search},
    "/Addresses": {"GET": addresses.list_all, "POST": addresses.create},
    "/OutgoingCallerIds": {"GET": outgoing_caller_ids.list_all},
    "/Tokens": {"POST": tokens.create},
    "/Queues": {"GET": queues.list_all, "POST": queues.create},
    "/Queues/{sid}/Members": {"GET": queues.list_members},
}
LIST_ROUTES |= {f"/Usage/{resource}": {"GET": usage_records.lister(resource)} for resource in usage_records.PERIODS}
INSTANCE_ROUTES: dict[str, dict[str, Any]] = {
    "": {"GET": accounts.fetch},
    "/Messages/{sid}": {"GET": messages.fetch, "POST": messages.update, "DELETE": messages.delete},
    "/Messages/{sid}/Media/{media}": {"GET": messages.fetch_media, "DELETE": messages.delete_media},
    "/Calls/{sid}": {"GET": calls.fetch, "POST": calls.update, "DELETE": calls.delete},
    "/Calls/{sid}/Recordings/{recording}": {
        "GET": recordings.fetch,
        "POST": recordings.update,
        "DELETE": recordings.delete,
    },
    "/Calls/{sid}/Streams/{stream}": {"POST": streams.update},
    "/Calls/{sid}/Transcriptions/{transcription}": {"POST": realtime_transcriptions.update},
    "/Conferences/{sid}/Recordings/{recording}": {
        "GET": recordings.fetch,
        "POST": recordings.update,
        "DELETE": recordings.delete,
    },
    "/IncomingPhoneNumbers/{sid}": {
        "GET": incoming_phone_numbers.fetch,
        "POST": incoming_phone_numbers.update,
        "DELETE": incoming_phone_numbers.delete,
    },
    "/Recordings/{recording}": {"GET": recordings.fetch, "DELETE": recordings.delete},
    "/Transcriptions/{sid}": {"GET": transcriptions.fetch, "DELETE": transcriptions.delete},
    "/Conferences/{sid}": {"GET": conferences.fetch, "POST": conferences.update},
    "/Conferences/{sid}/Participants/{participant}": {
        "GET": participants.fetch,
        "POST": participants.update,
        "DELETE": participants.remove,
    },
    "/Applications/{sid}": {
        "GET": applications.fetch,
        "POST": applications.update,
        "DELETE": applications.delete,
    },
    "/Keys/{sid}": {"GET": keys.fetch, "POST": keys.update, "DELETE": keys.delete},
    "/Addresses/{sid}": {"GET": addresses.fetch, "POST": addresses.update, "DELETE": addresses.delete},
    "/Balance": {"GET": balance.fetch},
    "/OutgoingCallerIds/{sid}": {
        "GET": outgoing_caller_ids.fetch,
        "POST": outgoing_caller_ids.update,
        "DELETE": outgoing_caller_ids.delete,
    },
    "/Queues/{sid}": {"GET": queues.fetch, "POST": queues.update, "DELETE": queues.delete},
    "/Queues/{sid}/Members/{member}": {"GET": queues.fetch_member, "POST": queues.update_member},
}


def add_routes(app: web.Application, state: State) -> None:
    add = app.router.add_route
    add("GET", "/2010-04-01/Accounts.json", endpoint(state, accounts.list_all, False, test_credentials.forbidden))
    for table, creates in ((LIST_ROUTES, True), (INSTANCE_ROUTES, False)):
        for path, methods in table.items():
            for method, resource in methods.items():
                simulated = test_credentials.SIMULATED.get((method, path), test_credentials.forbidden)
                add(method, f"{BASE}{path}.json", endpoint(state, resource, creates and method == "POST", simulated))
    for product, table in product_routes.NEWER_PRODUCTS.items():
        for path, methods in table.items():
            for method, resource in methods.items():
                creates = method == "POST" and not path.endswith("}")
                add(method, path, endpoint(state, resource, creates, test_credentials.forbidden, product))
    add("GET", f"{BASE}/Recordings/{{recording:RE[0-9a-f]+}}", partial(recordings.download, state))
    add("GET", f"{BASE}/Recordings/{{recording:RE[0-9a-f]+}}.wav", partial(recordings.download, state))
    add("GET", f"{BASE}/Recordings/{{recording:RE[0-9a-f]+}}.mp3", partial(recordings.download, state))
    add("GET", f"{BASE}/Messages/{{sid}}/Media/{{media:ME[0-9a-f]+}}", partial(messages.download_media, state))


def not_found_response(request: web.Request, status: int) -> web.Response:
    """Twilio's error for an unknown path (404) or method (405), or a 501 for a resource that is not emulated."""
    if refusal := unsupported.refusal(request.method, request.path):
        return refusal.response()
    error = RestError(20004) if status == 405 else not_found(request.path)
    return error.response()
