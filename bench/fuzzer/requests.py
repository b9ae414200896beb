"""Makes hostile and unusual HTTP requests, the same ones for the same seed; URLs in fields point to this machine."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, urlencode

import config
from receiving import providers
from receiving.delivery import Delivery
from receiving.twilio_signature import compute_signature

PATH_LIST = """
/ /events /present /present/login /present/logout /present/fragment /present/talk /present/health
/present/health/fragment /present/audit /present/privacy /present/export.csv /present/export.json /screens
/present/backfill /present/replay /present/rejected /present/rejected/fragment /present/endpoints /present/endpoints/x
/present/endpoints/ep_0000000000000000/pause /present/endpoints/x/recoveries/y /unfollow/x /catalogue /catalogue.json
/health /health/live /health/ready /static/stage.css /static/../app.py /static/%2e%2e/app.py /api/endpoints
/api/endpoints/x /api/openapi.json /api/events/msg_1 /api/endpoints/ep_0000000000000000/rotate /nowhere
"""
FIELD_LIST = """
AccountSid Body From To Digits SpeechResult CallStatus MessageStatus SmsStatus ErrorCode OptOutType CallDuration
RecordingSid RecordingStatus RecordingDuration RecordingUrl NumMedia MediaUrl0 Confidence Timestamp Caller
"""
QUERY_LIST = """
numbers who state result page doc turn silent answer command message bodySHA256 last theme from mistake
recovery challenge bt_challenge
"""
PRESENTER_LIST = "id window from do resign force sending url event_types rate_limit hours message"
VOICE_STEPS = """
line/join line/wait line/left line/stage line/thanks line/presenter line/presenter/status menu words wait
answer recorded recording status fallback outbound outbound/key outbound/status
"""

PATHS, FIELDS, QUERY_NAMES, PRESENTER_FIELDS = (
    tuple(names.split()) for names in (PATH_LIST, FIELD_LIST, QUERY_LIST, PRESENTER_LIST)
)
SMS_PATHS = ("/sms", "/sms/status", "/sms/fallback")
TWILIO_PATHS = (*SMS_PATHS, "/voice", *(f"/voice/{step}" for step in VOICE_STEPS.split()))
METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X" * 40, "G\x00T")
VERSIONS = ("1.1", "1.0", "1.1", "0.9", "2.0", "1.1x", "9.99")
COMMANDS = ("count", "help", "time", "flip", "follow github", "unfollow", "check", "webhook", "STOP", "START", "")

# fmt: off
TEXTS = (
    "", " ", "\x00", "\x1b[31m", "é", "日本", "\u202e", "\ud800", "👩\u200d👧", "²", "-1", "1e999", "NaN", "null", "%",
    "%zz", "+", "&", "=", "'\"><script>", "{{7*7}}", "../../etc/passwd", "\r\nSet-Cookie: a=b", "+447700900123",
    "+447700900123x", "client:ada", "whatsapp:+447700900123", "sip:a@[", "anonymous", "http://[", "http://127.0.0.1:9/",
    "https://[::1]:9/x", "//127.0.0.1:9", "http://127.0.0.1:99999/", "9" * 400, "a" * 5_000, " " * 5_000,
    "\u0301" * 500, "." * 3_000, "[" * 3_000,
)
HEADERS = (
    "Host: [", "Host: evil.example", "Host: ", "Host: a\x00b", "Host: 127.0.0.1, x", "Cookie: session=x",
    "Upgrade: h2c", "Cookie: \xff=\xfe", "Cookie: session=eyJfIjoxfQ.x.x", "Content-Length: 5", "Content-Length: -1",
    "Content-Length: ²", "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip", "Transfer-Encoding: nonsense",
    "Expect: 100-continue", "Expect: nonsense", ": x", "X Y: z",
    "Connection: upgrade", "Range: bytes=0-0,9-", "Range: bytes=x", 'If-None-Match: "', "If-Modified-Since: x",
    "Last-Event-ID: x", "Last-Event-ID: 99999999999999999-0", "X-Forwarded-For: x", "X-Forwarded-Proto: javascript",
    "X-Forwarded-Host: evil", "SCRIPT_NAME: //evil", "Authorization: Bearer \xff", "Authorization: Basic =", "no colon",
    "Authorization: Basic Og==", "X-Twilio-Signature: " + "=" * 28, "X-Replay-Mark: x.y.z", "Accept-Language: \xe9",
    "X-Twilio-Webhooks-Signature-Settings: key=x,algorithm=y", "A" * 5_000 + ": x", "X: " + "y" * 5_000, " folded",
    "X\x00: z", "Content-Type: " + "a/b;" * 500,
)
CHUNKED_BODIES = (
    "zz\r\nabc\r\n0\r\n\r\n", "-1\r\nabc\r\n", "3\r\nabcdef", '3;a="b\r\nabc\r\n0\r\n\r\n', "3\nabc\n0\n\n",
    "0" * 9_000, "f" * 40 + "\r\n", "3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n", "3\r\nabc\r\n0\r\n: x\r\n\r\n",
    "0\r\n\r\n", "", "3\r\nabc\r\n0\r\n" + "a: b\r\n" * 3_000, "3\r\nabc\r\n0\r\n\r\n",
)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
VALID_SHARE = 0.8  # of the SIDs and signatures


# fmt: on


class RequestFuzzer:
    """Makes requests to an app with these settings, some signed with its secrets.

    `cookie` and `csrf_token` are those of a presenter's session.
    """

    def __init__(self, seed: int, settings: config.Settings, cookie: str, csrf_token: str) -> None:
        self.rng, self.settings, self.cookie, self.csrf_token = random.Random(seed), settings, cookie, csrf_token
        self.number, self.earlier = 0, [b"GET / HTTP/1.0\r\n\r\n"]
        self.kinds: dict[str, Callable[[], bytes]] = {
            "garbage": self.garbage,
            "head": self.head,
            "chunked": self.chunked,
            "page": self.page,
            "presenter": self.presenter,
            "API": self.api,
            "Twilio": self.twilio,
            "provider": self.provider,
            "duplicate": lambda: self.rng.choice(self.earlier),
        }

    def next(self) -> tuple[str, bytes]:
        """Return the next request and its kind."""
        self.number += 1
        kind = self.rng.choice(tuple(self.kinds))
        request = self.kinds[kind]()
        if len(self.earlier) < 500:
            self.earlier.append(request)
        return kind, request

    def garbage(self) -> bytes:
        """Bytes that are not HTTP, or that end too early."""
        whole = self.page()
        return self.rng.choice(
            (
                self.rng.randbytes(self.rng.randrange(1, 2_000)),
                whole[: self.rng.randrange(len(whole))],
                whole.replace(b"\r\n", self.rng.choice((b"\n", b"\r", b"\r\r\n"))),
                b"\x16\x03\x01\x02\x00" + self.rng.randbytes(50),
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                b"GET " + b"/" * self.rng.randrange(20_000) + b" HTTP/1.1\r\n\r\n",
            )
        )

    def head(self) -> bytes:
        """Unusual methods, targets, versions and headers."""
        targets = ("*", "http://evil/" + self.text(), "evil:80", "//evil", "@evil", self.target(self.rng.choice(PATHS)))
        request_line = f"{self.rng.choice(METHODS)} {self.rng.choice(targets)} HTTP/{self.rng.choice(VERSIONS)}"
        headers = self.rng.choices(HEADERS, k=self.rng.choice((0, 1, 2, 5, 100)))
        return ("\r\n".join([request_line, *headers]) + "\r\n\r\n").encode("latin-1", "replace")

    def chunked(self) -> bytes:
        """Chunked bodies, most of them malformed."""
        head = f"POST {self.rng.choice((*PATHS, *TWILIO_PATHS, '/webhooks/mandrill'))} HTTP/1.1\r\nHost: x\r\n"
        head += f"Content-Type: {self.rng.choice((FORM, JSON))}\r\nTransfer-Encoding: chunked\r\n\r\n"
        return (head + self.rng.choice(CHUNKED_BODIES)).encode()

    def page(self) -> bytes:
        """Any path, any method, any form."""
        body = self.rng.choice(
            (b"", b"&" * 1_000, b"=%", self.rng.randbytes(200), encode(self.fields(FIELDS)), b"a" * 70_000)
        )
        return make_request(
            self.rng.choice(METHODS[:9]), self.target(self.rng.choice((*PATHS, *TWILIO_PATHS))), body, FORM
        )

    def presenter(self) -> bytes:
        """Any request of a presenter who is logged in."""
        path = self.rng.choice([path for path in PATHS if path.startswith("/present") and "log" not in path])
        body = encode(self.fields(PRESENTER_FIELDS) | {"csrf_token": self.csrf_token})
        method, cookie = self.rng.choice(("GET", "POST", "POST")), f"Cookie: session={self.cookie}"
        return make_request(method, self.target(path), body, FORM, cookie)

    def api(self) -> bytes:
        """Any request to the API, with its token."""
        path = self.rng.choice([path for path in PATHS if path.startswith("/api")])
        names = self.rng.sample(("url", "event_types", "message", "since", "x"), 2)
        body = json.dumps({name: self.json_value(2) for name in names})
        if '"url": "http' in body:
            body = body.replace("http", "hxxp")  # creating an endpoint sends it a request
        authorization = f"Authorization: Bearer {self.settings.api_tokens[0]}"
        return make_request(self.rng.choice(METHODS[:6]), path, body.encode(), JSON, authorization)

    def twilio(self) -> bytes:
        """A Twilio webhook, correctly signed, with any values."""
        target = self.target(path := self.rng.choice(TWILIO_PATHS))
        name, prefix = ("MessageSid", "SM") if path in SMS_PATHS else ("CallSid", "CA")
        is_valid = self.rng.random() < VALID_SHARE
        fields = self.fields(FIELDS) | {
            "Body": f"{self.rng.choice(COMMANDS)} {self.text()}",
            name: f"{prefix}{self.number:032x}" if is_valid else self.text(),
        }
        fields = {key: value.encode("utf-8", "replace").decode() for key, value in fields.items()}
        token, url = self.settings.twilio_auth_token[0], self.settings.public_url + target
        signature = f"X-Twilio-Signature: {compute_signature(token, url, fields.items())}"
        return make_request("POST", target, encode(fields), FORM, signature)

    def provider(self) -> bytes:
        """A provider's webhook with a changed body, usually signed again."""
        name = self.rng.choice(sorted(self.settings.webhook_secrets))
        provider, url = providers.load()[name], f"{self.settings.public_url}/webhooks/{name}"
        delivery = provider.sample(self.rng.choice(tuple(provider.samples)), url)
        delivery = replace(delivery, body=self.mutate(delivery.body), received_at=time.time())
        if self.rng.random() < VALID_SHARE:
            delivery = provider.sign(delivery, self.settings.webhook_secrets[name])
        return to_request(delivery)

    def mutate(self, body: bytes) -> bytes:
        """A changed body, which may still be valid."""
        choice = self.rng.randrange(5)
        if choice == 0:
            return json.dumps(self.json_value(4)).encode()
        if choice == 1:
            return b"[" * self.rng.randrange(100_000)
        if choice == 2:
            names = ("payload", "mandrill_events", "bt_payload", "type", "data[" * 50)
            return encode({name: self.text() for name in names})
        at = self.rng.randrange(len(body) + 1)
        return body[:at] + self.text().encode("utf-8", "replace") + body[at + choice :]

    def json_value(self, depth: int) -> object:
        """Any JSON value, nested at most this deeply."""
        if depth and self.rng.random() < 0.6:
            if self.rng.random() < 0.5:
                return [self.json_value(depth - 1) for _ in range(self.rng.randrange(4))]
            keys = ("type", "event", "action", "id", "data", "object", "commits", "repository", self.text())
            return {self.rng.choice(keys): self.json_value(depth - 1) for _ in range(self.rng.randrange(5))}
        return self.rng.choice((None, True, 0, -1, 10**300, 1e308, float("nan"), float("inf"), self.text()))

    def fields(self, names: tuple[str, ...]) -> dict[str, str]:
        """Some of these form fields, with any values."""
        return {name: self.text() for name in self.rng.sample(names, self.rng.randrange(1, 8))}

    def target(self, path: str) -> str:
        """The path, sometimes made unusual, sometimes with an unusual query."""
        query = {name: self.text() for name in self.rng.sample(QUERY_NAMES, self.rng.randrange(3))}
        odd = (path + "/", "/" + path, path + "//", path.replace("/", "%2F"), path + "%00%ff", path + "\xe9")
        return self.rng.choice((path,) * 6 + odd) + ("?" + encode(query).decode() if query else "")

    def text(self) -> str:
        """Any text."""
        return self.rng.choice(TEXTS)


def encode(fields: dict[str, str]) -> bytes:
    """Return these fields as a form."""
    return urlencode(fields, quote_via=quote, errors="replace").encode()


def to_request(delivery: Delivery) -> bytes:
    """Return the delivery as bytes."""
    headers = [f"{name}: {value}" for name, value in delivery.headers.items() if name not in ("content-type", "host")]
    return make_request(delivery.method, delivery.target, delivery.body, delivery.headers["content-type"], *headers)


def make_request(method: str, target: str, body: bytes, content_type: str, *headers: str) -> bytes:
    """Return a request as bytes."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace") + body
