"""A phone in the browser, for people without signal: each visitor gets one handset of the local exchange.

Visitors can reach nothing else in the exchange: not its REST API, its debugger, its faults or other people's handsets.
"""

import re
import secrets
import time
from typing import Any
from urllib.parse import quote

import requests
from flask import abort, jsonify, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

import context
from show import talk_file
from web.security_headers import create_page_blueprint

bp = create_page_blueprint("browser_phones", __name__)

FIRST_HANDSET, HANDSETS = 300, 600  # in +447700900000 to +447700900999, which Ofcom reserves for drama
NEXT_KEY = "browser-phones:next"  # how many handsets have been given out
NEXT_TTL_SECONDS = 12 * 3600  # one conference day
FIRST_TTL_SECONDS = 60  # in which further requests may come without the cookie that the first one's response sets
MAX_REQUESTS, WINDOW_SECONDS = 12, 10  # texts, keys and calls per visitor
MAX_BODY_CHARACTERS = 1_600  # Twilio's limit for a text
TIMEOUT_SECONDS = 5
KEYS = frozenset("0123456789*#")
SURROGATE = re.compile("[\ud800-\udfff]")  # half of a pair; UTF-8 cannot encode it

# Counts one request. Returns 1 if the limit is exceeded.
COUNT_SCRIPT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count > tonumber(ARGV[2]) and 1 or 0
"""


@bp.get("/phone")
def browser_phone() -> ResponseReturnValue:
    """The page with the phone. 404 without a local exchange.

    The handset is given out with the first text or call: a page that is opened for a preview does not use one up.
    """
    _exchange_url()
    session.setdefault("handset", "")
    session.setdefault("visitor", secrets.token_hex(8))
    return render_template("phone/browser_phone.html", title=talk_file.current_talk().title)


@bp.get("/phone/state")
def state() -> ResponseReturnValue:
    """The visitor's texts and latest call as JSON. `number` is "" until the visitor first texts or calls."""
    if not _handset():
        return jsonify(number="", texts=[], call=None)
    handset = _request_exchange("GET", "")
    texts = [{name: text[name] for name in ("direction", "body", "at")} for text in handset["texts"]]
    call = handset["calls"][-1] if handset["calls"] else None
    spoken = call and {
        "status": call["status"],
        "is_over": bool(call["ended"]),
        "heard": [item["text"] for item in call["heard"] if item["verb"] == "Say"],
    }
    return jsonify(number=_handset(), texts=texts, call=spoken)


@bp.post("/phone/texts")
def send_text() -> ResponseReturnValue:
    """Text the number: `{"body": "flip"}`."""
    body = _read_field("body")
    if not 0 < len(body.strip()) <= MAX_BODY_CHARACTERS:
        abort(400, f"A text has 1 to {MAX_BODY_CHARACTERS} characters.")
    _request_exchange("POST", "/texts", {"body": body})
    return state()


@bp.post("/phone/calls")
def start_call() -> ResponseReturnValue:
    """Call the number, unless a call is in progress."""
    if _current_call() is None:
        _count_request()
        _request_exchange("POST", "/calls", {})
    return state()


@bp.post("/phone/keys")
def press_keys() -> ResponseReturnValue:
    """Press keys during the call: `{"digits": "1"}`."""
    digits, call = _read_field("digits"), _current_call()
    if not 0 < len(digits) <= 20 or not set(digits) <= KEYS:
        abort(400, "The keys are 0 to 9, * and #.")
    if call:
        _request_exchange("POST", f"/calls/{call['sid']}/keys", {"digits": digits, "wait": 2})
    return state()


@bp.post("/phone/hangup")
def hang_up() -> ResponseReturnValue:
    """End the call, if there is one."""
    if call := _current_call():
        _count_request()
        _request_exchange("POST", f"/calls/{call['sid']}/hangup", {})
    return state()


def _handset() -> str:
    """Return the number of the visitor's handset, "" if they have none now. Aborts unless they have opened the page."""
    if "visitor" not in session:
        abort(403, "Open /phone first.")
    return str(session["handset"]) if time.time() < session.get("handset_until", 0) else ""


def _assign_handset() -> None:
    """Give the visitor a handset. Aborts with 503 if all have been given out."""
    until, pipe = time.time() + NEXT_TTL_SECONDS, context.store().pipeline()
    pipe.execute_command("INCR", NEXT_KEY)
    pipe.execute_command("EXPIRE", NEXT_KEY, NEXT_TTL_SECONDS)
    count = int(pipe.execute()[0])
    if count > HANDSETS:
        raise ServiceUnavailable("All browser phones are in use. Please call or text the number.", retry_after=3600)
    key, number = f"browser-phones:handset:{session['visitor']}", f"+447700900{FIRST_HANDSET + count - 1}"
    first = context.store().execute_command("SET", key, number, "NX", "GET", "EX", FIRST_TTL_SECONDS, get=True)
    session["handset"] = first.decode() if first else number
    session["handset_until"] = until  # then NEXT_KEY may have expired, and somebody else may have the number


def _read_field(name: str) -> str:
    """Return a text field of the JSON body. Requires JSON, which browsers send us only from our own origin."""
    _count_request()
    try:
        fields = request.get_json(silent=True)
    except RecursionError:  # it is nested too deeply
        fields = None
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str):
        abort(400, f"Send JSON with the field {name}.")
    if SURROGATE.search(value):
        abort(400, f"The field {name} contains half a character, which no phone can send. Send whole characters.")
    return value


def _count_request() -> None:
    if not _handset():
        _assign_handset()
    key = f"browser-phones:requests:{_handset()}"
    if context.store().eval(COUNT_SCRIPT, 1, key, WINDOW_SECONDS, MAX_REQUESTS):
        raise TooManyRequests("That was too fast. Please wait a few seconds.", retry_after=WINDOW_SECONDS)


def _current_call() -> dict[str, Any] | None:
    calls = _request_exchange("GET", "/calls")["calls"] if _handset() else []
    return calls[-1] if calls and not calls[-1]["ended"] else None


def _exchange_url() -> str:
    url = context.settings().exchange_url
    if not url:
        abort(404, "There are no browser phones here: they need the local exchange.")
    return url


def _request_exchange(method: str, path: str, data: dict[str, Any] | None = None) -> Any:
    """Return the exchange's response about this visitor's handset. Aborts with 503 if the request fails."""
    url = f"{_exchange_url()}/handsets/{quote(_handset(), safe='')}{path}"
    try:
        response = requests.request(method, url, json=data, timeout=TIMEOUT_SECONDS)
    except requests.RequestException:
        raise ServiceUnavailable("The browser phones do not respond. Please try again.", retry_after=5) from None
    if response.status_code == 409:  # the call has just ended
        return {}
    if not response.ok:
        raise ServiceUnavailable("The browser phone could not do this. Please try again.", retry_after=5)
    return response.json()
