"""The API for webhook endpoints: authentication, operations, validation."""

import time

import pytest
import redis as redis_client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

import config
from api.routes import OPERATIONS
from app import create_app
from sending.webhooks.endpoints import stored_endpoints
from sending.webhooks.endpoints.credentials import decrypt_credentials
from tests.support.endpoint_api import AUTHORIZED, TOKEN, URL, is_a_problem
from tests.support.environment import own_environment
from tests.support.person import PUBLIC_URL

EVERYWHERE = [
    ("GET", "/api/endpoints"),
    ("POST", "/api/endpoints"),
    ("GET", "/api/endpoints/ep_0123456789abcdef"),
    ("DELETE", "/api/endpoints/ep_0123456789abcdef"),
    ("POST", "/api/endpoints/ep_0123456789abcdef/rotate"),
    ("GET", "/api/nowhere"),
]


def test_api_is_404_without_api_tokens(environ, redis):
    app = create_app(config.load(environ | {"API_TOKENS": ""}), redis)
    for method, path in [*EVERYWHERE, ("GET", "/api/openapi.json")]:
        assert app.test_client().open(path, method=method, headers=AUTHORIZED).status_code == 404, (method, path)


@pytest.mark.parametrize(
    "given", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é", f"Bearer {TOKEN}x"]
)
def test_unauthorized_requests_get_401_everywhere(api, given):
    for method, path in EVERYWHERE:
        answer = api.test_client().open(path, method=method, headers={"Authorization": given} if given else {})
        assert is_a_problem(answer, 401), (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer", (method, path)


def test_both_tokens_work_during_a_rotation(program):
    assert program("GET", sent_with={"Authorization": "bearer another-token-for-these"}).status_code == 200


def test_secret_is_returned_once(program, redis, seal):
    made = program("POST", url=URL, event_types=["text.*"], authorization="Bearer x", headers={"X-Key": "hidden"})
    assert made.status_code == 201
    kept = stored_endpoints.load(redis, made.json["id"])
    assert made.json["secret"] == seal.decrypt(kept.keys[0].encrypted)
    ours = decrypt_credentials(redis, seal, kept, time.time())
    assert (kept.event_types, ours.headers) == (("text.*",), {"X-Key": "hidden", "Authorization": "Bearer x"})
    fetched = program("GET", f"/{kept.id}")
    assert fetched.json["headers"] == ["X-Key"]
    assert "secret" not in fetched.json
    for hidden in (made.json["secret"], "hidden", "Bearer x"):
        assert hidden not in fetched.text + program("GET").text


def test_endpoints_are_listed_oldest_first(program):
    ids = [program("POST", url=f"{URL}/{number}").json["id"] for number in range(3)]
    assert [one["id"] for one in program("GET").json["endpoints"]] == ids


def test_patch_changes_only_the_given_options(program, id):
    changed = program("PATCH", f"/{id}", rate_limit=5).json
    assert (changed["rate_limit"], changed["event_types"], changed["url"]) == (5, ["text.*"], URL)


def test_rotation_returns_the_new_secret_and_the_expiry_of_the_old(program, id, redis, seal):
    rotated = program("POST", f"/{id}/rotate").json
    assert seal.decrypt(stored_endpoints.load(redis, id).keys[0].encrypted) == rotated["secret"]
    assert rotated["keys"][1]["expires_at"] > time.time()


def test_only_the_public_half_of_an_ed25519_key_is_returned(program, id):
    rotated = program("POST", f"/{id}/rotate", private=True)
    assert rotated.json["public_key"].startswith("whpk_")
    assert "whsk_" not in rotated.text
    assert [key["scheme"] for key in rotated.json["keys"]] == ["v1a", "v1"]


def test_endpoint_can_be_paused_resumed_and_deleted(program, id):
    assert program("POST", f"/{id}/pause").json["state"] == "paused"
    assert program("POST", f"/{id}/resume").json["state"] == "enabled"
    assert program("DELETE", f"/{id}").status_code == 204
    assert is_a_problem(program("GET", f"/{id}"), 404)


def test_overlap_of_a_rotation_can_be_chosen(program, id):
    began = int(time.time())
    until = program("POST", f"/{id}/rotate", overlap=60).json["keys"][1]["expires_at"]
    assert began + 60 <= until <= time.time() + 60


@pytest.mark.parametrize(
    "wish",
    [
        {"url": "http://hear.example/"},
        {"url": "https://127.1/"},
        {"url": ""},
        {"url": 7},
        {"url": "\ud800"},
        {"event_types": "text.*"},
        {"rate_limit": True},
        {"rate_limit": -1},
        {"headers": {"Host": "x"}},
        {"headers": {"X-Key": "a\r\nb"}},
        {"owner": "+447700900201"},
        {"state": "enabled"},
        {"payload_style": "fat"},
    ],
)
def test_invalid_option_is_refused_with_a_reason(program, id, wish):
    assert is_a_problem(program("PATCH", f"/{id}", **wish), 422)


def lists_the_known_event_types(answer):
    known = ("text.received", "call.ended", "github.*", "standard.*")
    return is_a_problem(answer, 422) and all(each in answer.json["detail"] for each in known)


UNKNOWN_TYPES = ["banana", "text.recieved", "text", "githubs.push", "webhook.received"]


@pytest.mark.parametrize("unknown", [*UNKNOWN_TYPES, "banana.*", "call.ended.*", "delivery.*"])
def test_subscription_to_an_unknown_event_type_is_refused_with_the_list_of_known_ones(program, id, unknown):
    assert lists_the_known_event_types(program("POST", url=URL, event_types=["text.*", unknown]))
    assert lists_the_known_event_types(program("PATCH", f"/{id}", event_types=[unknown]))
    assert [one["event_types"] for one in program("GET").json["endpoints"]] == [["text.*"]]


@pytest.mark.parametrize("unknown", UNKNOWN_TYPES)
def test_example_of_an_unknown_event_type_is_refused_with_the_list_of_known_ones(program, id, redis, unknown):
    assert lists_the_known_event_types(program("POST", f"/{id}/example", event_type=unknown))
    assert redis.zcard(f"endpoint:{id}:due") == 0


@pytest.mark.parametrize(
    "known", ["text.received", "endpoint.*", "github.*", "github.push", "stripe.invoice.*", "plain"]
)
def test_every_known_event_type_is_accepted(program, id, known):
    assert program("PATCH", f"/{id}", event_types=[known]).json["event_types"] == [known]


def test_a_star_subscribes_to_all_event_types(program, redis):
    made = program("POST", url=URL, event_types=["*"])
    assert (made.status_code, made.json["event_types"]) == (201, ["*"])
    assert stored_endpoints.load(redis, made.json["id"]).subscribes_to("github.push")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b" " * 70_000, "application/json", 413),
        (b"", "application/json", 422),
    ],
)
def test_invalid_body_is_refused(api, body, kind, status):
    answer = api.test_client().post("/api/endpoints", data=body, content_type=kind, headers=AUTHORIZED)
    assert is_a_problem(answer, status)


@pytest.mark.parametrize("name", [b"\\ud800", b"\xed\xa0\x80"])
def test_unknown_field_whose_name_is_half_a_surrogate_pair_is_refused_with_a_reason(api, name):
    body = b'{"url": "https://hear.example/", "' + name + b'": 1}'
    answer = api.test_client().post("/api/endpoints", data=body, content_type="application/json", headers=AUTHORIZED)
    assert is_a_problem(answer, 422)
    assert "is unknown. Known fields: url" in answer.json["detail"]


@pytest.mark.parametrize("method_and_end", ["GET ", "GET /attempts", "POST /pause", "POST /rotate", "DELETE "])
def test_other_redis_keys_are_not_endpoints(program, redis, id, method_and_end):
    redis.zadd(f"endpoint:{id}:due", {"msg_1": 1})
    method, end = method_and_end.split(" ")
    assert is_a_problem(program(method, f"/{id}:due{end}"), 404)


def test_wrong_method_gets_the_allowed_methods(program):
    answer = program("PUT")
    assert is_a_problem(answer, 405)
    assert answer.headers["Allow"] == "GET, POST"


@pytest.fixture(scope="module")
def description(store):
    """The OpenAPI description, of which Schemathesis reads each app's source: once for all tests, on the same store."""
    import schemathesis  # takes most of a second: only here

    ours = {"API_TOKENS": TOKEN, "REDIS_URL": f"redis://127.0.0.1:{store.port}", "PUBLIC_URL": PUBLIC_URL}
    app = create_app(config.load(own_environment() | ours), redis_client.Redis(port=store.port))
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("path", "method"), [(path, method) for path, known in OPERATIONS.items() for method in known])
def test_responses_match_the_openapi_description(description, id, path, method, mode):
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    operation = description[path][method]
    # A well-formed address may still be one that we do not send to; the test sets the right token and id.
    too_sure = [positive_data_acceptance, negative_data_rejection]

    @given(operation.as_strategy(generation_mode=GenerationMode(mode)), st.booleans())
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def whatever(case, known):
        if known and "id" in case.path_parameters:
            case.path_parameters["id"] = id
        case.call_and_validate(headers=AUTHORIZED, excluded_checks=too_sure)

    try:
        whatever()
    except Unsatisfiable:
        assert mode == "negative"  # nothing can be wrong with a request that has no parts
