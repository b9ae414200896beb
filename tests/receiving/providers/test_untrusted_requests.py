"""Untrusted requests end in a 4xx, and any genuine payload can be summarized."""

import itertools
import json
import logging
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import events
from receiving import providers
from receiving.delivery import Delivery
from receiving.rejection_reasons import RejectedRequest
from tests.support.person import PUBLIC_URL
from tests.support.providers import CASES

REFUSALS = {400, 401, 403, 404, 405, 413, 415}
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
headers_of = {header for case in CASES for header in case.proof} | {
    "x-github-event",
    "x-github-delivery",
    "authorization",
}
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)
shapes = st.sampled_from(["t={},v1={}", "v1,{} v1a,{}", "Basic {}{}", "sha256={}{}", "{}|{}", "{}{}"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@quick
@given(data=st.data(), body=st.binary(max_size=300), name=st.sampled_from(list(providers.load())))
def test_arbitrary_request_is_rejected_without_a_traceback(data, body, name, send, caplog):
    shaped = st.builds(str.format, shapes, header_text, header_text)
    headers = data.draw(st.dictionaries(st.sampled_from(sorted(headers_of)), header_text | shaped, max_size=6))
    kind = data.draw(
        st.sampled_from([*providers.load()[name].max_bytes_by_type, "text/html", "multipart/form-data; boundary=b", ""])
    )
    path = data.draw(st.sampled_from(["", "/", "/" + "x" * 32, "/%2e%2e/%00", "?challenge=%ff&bt_challenge=é"]))
    method = data.draw(st.sampled_from(["POST", "POST", "POST", "PUT", "DELETE", "PATCH"]))
    delivery = Delivery(method, f"{PUBLIC_URL}/webhooks/{name}{path}", headers | {"content-type": kind}, body)
    with caplog.at_level(logging.ERROR):
        assert send(delivery).status_code in REFUSALS
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_flipped_bit_in_a_signature_is_rejected(case, send):
    delivery = case.signed()
    for header, text in ((name, delivery.headers[name]) for name in case.proof):
        for index, bit in itertools.product(range(len(text)), range(8)):
            changed = bytearray(text.encode())
            changed[index] ^= 1 << bit
            flipped = changed.decode("latin-1").replace("\n", " ").replace("\r", " ")
            if flipped.split() == text.split() or flipped.lower() == text.lower():
                continue  # only white space or case has changed
            altered = delivery.with_headers(**{header: flipped})
            with pytest.raises(RejectedRequest):
                case.provider.verify(altered, case.secrets)
            if bit == index % 8:  # one bit of every character by HTTP, which takes ten times as long
                assert send(altered).status_code in REFUSALS, flipped


said = [case for case in CASES if "application/json" in case.provider.max_bytes_by_type]


@quick
@given(facts=anything, case=st.sampled_from(said), event=st.text(max_size=30), inside=st.booleans())
def test_arbitrary_genuine_payload_is_summarized_in_one_line(facts, case, event, inside, send, redis, caplog):
    redis.flushall()
    unsigned = case.unsigned()
    whole = json.loads(unsigned.body) if inside else facts
    if inside and isinstance(whole, dict):
        whole = {key: facts if at % 2 else value for at, (key, value) in enumerate(whole.items())}
    body = json.dumps(whole).encode()
    delivery = replace(
        unsigned, body=body, headers={**unsigned.headers, "x-github-event": event.encode().decode("latin-1")}
    )
    clean = {name: text.replace("\r", " ").replace("\n", " ") for name, text in delivery.headers.items()}
    answer = send(case.provider.sign(replace(delivery, headers=clean), case.secrets))
    assert answer.status_code in (200, 204)
    for told in events.read_latest(redis, 50):
        assert len(told.data.get("summary", "")) <= 160
        assert told.data.get("summary", "").isprintable()
    assert "Traceback" not in caplog.text
