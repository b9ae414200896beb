"""Receivers written by others accept our webhooks: Standard Webhooks' library for Node, Debian's `webhook`.

The first needs Node and npm when `make test` begins, the second `apt-get install webhook`.
"""

import json
import shutil
import socket
import subprocess

import pytest

from sending.webhooks import delivery_jobs, message_delivery
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import key_rotation, stored_endpoints
from sending.webhooks.queue import delivery_queue
from tests.support.ports import reserved_port
from tests.support.processes import NODE, ROOT, needs
from tests.support.waiting import eventually

SEAL = Encryption(["a secret key of these tests"])
WRONG = "whsec_" + "d3Jvbmcg" * 5


@pytest.fixture
def tells(redis, client):
    """Send a message to a subscriber; return its result."""

    def tell(id):
        delivery_jobs.deliver_later(redis, "text.received", {"words": "grüezi"})
        delivery_jobs.enqueue_due(redis)
        message_delivery.deliver(redis, client, SEAL, id, http=True)
        row = delivery_queue.load_attempts(redis, id)[0]
        redis.hset(f"endpoint:{id}", mapping={"hold_until": 0, "failures": 0})
        redis.delete(f"endpoint:{id}:due")
        return row.status, row.response_body.strip()

    return tell


def secrets_of(one):
    return [SEAL.decrypt(key.encrypted) for key in one.keys]


@pytest.fixture(scope="module")
def node():
    """A receiver in Node: its address, and how it is told the secret."""
    needs(
        shutil.which("node") and (NODE / "node_modules/standardwebhooks").is_dir(),
        "Node, and its library by `make test`",
    )
    command = ["node", str(NODE / "receiver.cjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline())

        def knows(secret):
            process.stdin.write(f"{secret}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "noted\n"

        yield f"http://127.0.0.1:{port}/", knows
        process.kill()


def test_standard_webhooks_library_for_node_accepts_the_signature(node, redis, client, tells):
    url, knows = node
    one = stored_endpoints.create(redis, client, SEAL, url, http=True)
    knows(secrets_of(one)[0])
    assert tells(one.id) == (200, "text.received: grüezi")
    knows(WRONG)
    assert tells(one.id) == (400, "No matching signature found")


def test_node_library_accepts_the_old_secret_during_a_rotation(node, redis, client, tells):
    url, knows = node
    one = stored_endpoints.create(redis, client, SEAL, url, http=True)
    knows(secrets_of(one)[0])
    key_rotation.rotate_key(redis, SEAL, one.id, private=True)  # and a scheme that it does not know comes first
    assert tells(one.id) == (200, "text.received: grüezi")
    newest = key_rotation.rotate_key(redis, SEAL, one.id)
    knows(secrets_of(newest)[0])
    assert tells(one.id) == (200, "text.received: grüezi")


@pytest.fixture
def debians_webhook(tmp_path):
    """Debian's `webhook`, a hook for each secret: returns what it accepts, and rejects the rest with 401."""
    program = shutil.which("webhook")
    needs(program, "webhook: apt-get install webhook")
    started = []

    def start(port, **secrets):
        hooks = tmp_path / "hooks.json"
        hooks.write_text(json.dumps([hook(name, secret) for name, secret in secrets.items()]))
        command = [program, "-hooks", str(hooks), "-ip", "127.0.0.1", "-port", str(port), "-verbose"]
        with (tmp_path / "log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log))
        eventually(lambda: is_listening(port))

    yield start
    for process in started:
        process.kill()
        process.wait()


def hook(name, secret):
    """The rule as our page for receivers gives it, with an id, a secret and a program."""
    page = (ROOT / "docs/our-webhooks.md").read_text()
    (rule,) = json.loads(page.partition("```json\n")[2].partition("```")[0].replace("whsec_…", secret))
    return rule | {"id": name, "execute-command": "/bin/echo"}


def is_listening(port):
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_debian_webhook_accepts_the_body_signature(debians_webhook, redis, client, tells):
    port = reserved_port()
    place = f"http://127.0.0.1:{port}/hooks"
    signs = stored_endpoints.create(redis, client, SEAL, f"{place}/mine", http=True, sign_body=True)
    stranger = stored_endpoints.create(redis, client, SEAL, f"{place}/mine", http=True, sign_body=True)
    silent = stored_endpoints.create(redis, client, SEAL, f"{place}/bare", http=True)
    (old,) = secrets_of(signs)
    key_rotation.rotate_key(redis, SEAL, signs.id)
    (new, _) = secrets_of(stored_endpoints.load(redis, signs.id))
    debians_webhook(port, mine=new, before=old, bare=secrets_of(silent)[0])
    assert tells(signs.id) == (200, "text.received")
    stored_endpoints.update(redis, client, SEAL, signs.id, http=True, url=f"{place}/before")
    assert tells(signs.id) == (200, "text.received")  # both sign while the key changes
    assert tells(stranger.id)[0] == 401
    assert tells(silent.id)[0] == 401  # which did not ask for such a signature
