"""The Queue and Member resources."""

from __future__ import annotations

from typing import Any

from ringback.calls.queues import DEFAULT_MAX_SIZE, CallQueue, QueueMember
from ringback.evidence import documented
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.twiml.steps import Fetch

EVIDENCE = documented("voice/api/queue-resource")

MAX_SIZE = 5000


def list_all(request: ApiRequest) -> dict[str, Any]:
    return page(request, "queues", list(request.state.queues.values()), as_resource)


def create(request: ApiRequest) -> dict[str, Any]:
    name = request.text("FriendlyName").strip()
    if not 0 < len(name) <= 64:
        raise RestError(20001)
    size = parameters.whole_number(request, "MaxSize", DEFAULT_MAX_SIZE, 20001, 1, MAX_SIZE)
    queue = CallQueue(request.state.clock, request.account, name, size)
    request.state.queues[queue.sid] = queue
    return as_resource(queue)


def fetch(request: ApiRequest) -> dict[str, Any]:
    return as_resource(_queue(request))


def update(request: ApiRequest) -> dict[str, Any]:
    queue = _queue(request)
    queue.max_size = parameters.whole_number(request, "MaxSize", queue.max_size, 20001, 1, MAX_SIZE)
    queue.name = request.text("FriendlyName").strip() or queue.name
    queue.updated = request.state.clock.now()
    return as_resource(queue)


def delete(request: ApiRequest) -> None:
    queue = _queue(request)
    if queue.members:
        raise RestError(20009)
    del request.state.queues[queue.sid]


def as_resource(queue: CallQueue) -> dict[str, Any]:
    path = f"/2010-04-01/Accounts/{queue.account}/Queues/{queue.sid}"
    return {
        "account_sid": queue.account,
        "average_wait_time": queue.average_wait,
        "current_size": len(queue.members),
        "date_created": rfc2822(queue.created),
        "date_updated": rfc2822(queue.updated),
        "friendly_name": queue.name,
        "max_size": queue.max_size,
        "sid": queue.sid,
        "subresource_uris": {"members": f"{path}/Members.json"},
        "uri": f"{path}.json",
    }


def list_members(request: ApiRequest) -> dict[str, Any]:
    queue = _queue(request)
    return page(request, "queue_members", queue.members, lambda member: member_resource(queue, member))


def fetch_member(request: ApiRequest) -> dict[str, Any]:
    queue = _queue(request)
    return member_resource(queue, _member(request, queue))


def update_member(request: ApiRequest) -> dict[str, Any]:
    """Redirect a member's call to another document, which removes it from the queue."""
    queue = _queue(request)
    member = _member(request, queue)
    url = parameters.url(request, "Url", 21205)
    if not url:
        raise RestError(21205, detail="(missing)")
    resource = member_resource(queue, member)
    queue.remove(member)  # at once, so that a simultaneous request for Front gets the next member
    member.call.redirected = True
    member.call.interrupt(Fetch(url, parameters.method(request, "Method")))
    return resource


def member_resource(queue: CallQueue, member: QueueMember) -> dict[str, Any]:
    position = queue.members.index(member) + 1 if member in queue.members else 0
    return {
        "call_sid": member.call.sid,
        "date_enqueued": rfc2822(member.since),
        "position": position,
        "queue_sid": queue.sid,
        "uri": f"/2010-04-01/Accounts/{queue.account}/Queues/{queue.sid}/Members/{member.call.sid}.json",
        "wait_time": int(queue.wait_seconds(member)),
    }


def _queue(request: ApiRequest) -> CallQueue:
    queue = request.state.queues.get(request.path("sid"))
    if queue is None:
        raise not_found(request.http.path)
    return queue


def _member(request: ApiRequest, queue: CallQueue) -> QueueMember:
    sid_or_front = request.path("member")
    for member in queue.members:
        if sid_or_front in (member.call.sid, "Front"):
            return member
    raise not_found(request.http.path)
