"""Queues and their members over REST."""

from __future__ import annotations

from typing import Any

from ringback.calls.queues import DEFAULT_MAX_SIZE, CallQueue, QueueMember
from ringback.rest import parameters
from ringback.rest.api_request import ApiRequest
from ringback.rest.errors import RestError, not_found
from ringback.rest.paging import page
from ringback.service.dates import rfc2822
from ringback.twiml.steps import Fetch

MAX_SIZE = 5000


def list_all(asked: ApiRequest) -> dict[str, Any]:
    return page(asked, "queues", list(asked.state.queues.values()), as_resource)


def create(asked: ApiRequest) -> dict[str, Any]:
    name = asked.text("FriendlyName").strip()
    if not 0 < len(name) <= 64:
        raise RestError(20001)
    size = parameters.whole_number(asked, "MaxSize", DEFAULT_MAX_SIZE, 20001, 1, MAX_SIZE)
    queue = CallQueue(asked.state.clock, asked.account, name, size)
    asked.state.queues[queue.sid] = queue
    return as_resource(queue)


def fetch(asked: ApiRequest) -> dict[str, Any]:
    return as_resource(_queue(asked))


def update(asked: ApiRequest) -> dict[str, Any]:
    queue = _queue(asked)
    queue.name = asked.text("FriendlyName").strip() or queue.name
    queue.max_size = parameters.whole_number(asked, "MaxSize", queue.max_size, 20001, 1, MAX_SIZE)
    queue.updated = asked.state.clock.now()
    return as_resource(queue)


def delete(asked: ApiRequest) -> None:
    queue = _queue(asked)
    if queue.members:
        raise RestError(20009)
    del asked.state.queues[queue.sid]


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


def list_members(asked: ApiRequest) -> dict[str, Any]:
    queue = _queue(asked)
    return page(asked, "queue_members", queue.members, lambda member: member_resource(queue, member))


def fetch_member(asked: ApiRequest) -> dict[str, Any]:
    queue = _queue(asked)
    return member_resource(queue, _member(asked, queue))


def update_member(asked: ApiRequest) -> dict[str, Any]:
    """Take somebody out of the line, to another document."""
    queue = _queue(asked)
    member = _member(asked, queue)
    address = parameters.url(asked, "Url", 21205)
    if not address:
        raise RestError(21205, why="(none given)")
    shown = member_resource(queue, member)
    member.call.redirected = True
    member.call.interrupt(Fetch(address, parameters.method(asked, "Method")))
    return shown


def member_resource(queue: CallQueue, member: QueueMember) -> dict[str, Any]:
    place = queue.members.index(member) + 1 if member in queue.members else 0
    return {
        "call_sid": member.call.sid,
        "date_enqueued": rfc2822(member.since),
        "position": place,
        "queue_sid": queue.sid,
        "uri": f"/2010-04-01/Accounts/{queue.account}/Queues/{queue.sid}/Members/{member.call.sid}.json",
        "wait_time": int(queue.wait_seconds(member)),
    }


def _queue(asked: ApiRequest) -> CallQueue:
    queue = asked.state.queues.get(asked.path("sid"))
    if queue is None:
        raise not_found(asked.request.path)
    return queue


def _member(asked: ApiRequest, queue: CallQueue) -> QueueMember:
    written = asked.path("member")
    for member in queue.members:
        if written in (member.call.sid, "Front"):
            return member
    raise not_found(asked.request.path)
