"""Any bytes that an app sends end in a document or an error code, never in an exception."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.calls.call_plan import CallPlan
from ringback.calls.lifecycle import register_call, run_call
from ringback.service.clock import Clock
from ringback.service.error_codes import ERROR_CODES
from ringback.service.settings import Settings
from ringback.state import State
from ringback.twiml.documents import DocumentError, read_messaging, read_voice
from ringback.twiml.parser import Element, TwimlParseError, parse
from ringback.twiml.schema_validation import schema, violations
from ringback.twiml.steps import Inline
from ringback.webhooks.request import WebhookResponse

NAMES = st.sampled_from([*schema("voice"), "say", "x", "break", "Body"])
ATTRIBUTES = st.sampled_from(
    [
        "action",
        "method",
        "timeout",
        "numDigits",
        "finishOnKey",
        "length",
        "loop",
        "digits",
        "input",
        "maxLength",
        "waitUrl",
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "0",
            "-1",
            "1",
            "POST",
            "/x",
            "true",
            "#",
            "dtmf speech",
            "١",
            "9" * 40,
            "//[",
            "http://h:99999/",
            "http://[::1",
        ]
    ),
    st.text(),
)
XML = st.recursive(
    st.text("ab<&> é\x00", max_size=5).map(lambda text: text.replace("<", "&lt;")),
    lambda inner: st.builds(
        lambda name, attribute, value, children: f"<{name} {attribute}={_quoted(value)}>{''.join(children)}</{name}>",
        NAMES,
        ATTRIBUTES,
        VALUES,
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)
TYPES = st.sampled_from(
    [
        "text/xml",
        "text/html; charset=latin-1",
        "text/plain",
        "text/xml; charset=utf-16",
        "audio/wav",
        "",
        "text/xml; charset=\x00",
    ]
)


def _quoted(value):
    return '"' + value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;") + '"'


def outcome(read, body, kind):
    answer = WebhookResponse("http://h.example/x", 200, {"content-type": kind} if kind else {}, body)
    try:
        return read(answer)
    except DocumentError as trouble:
        assert trouble.code in ERROR_CODES
        return None


@settings(deadline=None)
@given(st.binary(max_size=200), TYPES)
def test_any_bytes_are_a_document_or_an_error_code(body, kind):
    outcome(lambda answer: read_voice(answer), body, kind)
    outcome(lambda answer: read_messaging(answer, "POST"), body, kind)


@settings(deadline=None)
@given(XML, TYPES)
def test_anything_like_twiml_is_a_document_or_an_error_code(text, kind):
    body = f"<Response>{text}</Response>".encode("utf-8", "surrogatepass")
    document = outcome(lambda answer: read_voice(answer), body, kind)
    for channel in ("voice", "sms"):
        assert all(sentence for _, sentence in violations(document.root if document else Element("x"), channel))


@settings(deadline=None, max_examples=60)
@given(document=XML)
def test_call_survives_any_document(document):
    run_in_a_call(f"<Response>{document}</Response>")


def run_in_a_call(document):
    """A call with a stopped clock, in which no address answers: it must not end with an internal error."""

    async def play():
        state = State(Settings("AC", "token", "+441632960000", pace=0), Clock(stopped=True))
        call = register_call(state, CallPlan("+441632960001", "+441632960000", "inbound", "+441632960001", "AC"))
        call.set_status("ringing")
        task = asyncio.ensure_future(run_call(state, call, Inline(document)))
        for _ in range(20):
            await state.clock.forward(5000)
            await asyncio.sleep(0.001)
            if task.done():
                break
        codes = [alert["code"] for alert in state.debugger.alerts]
        await state.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return codes

    assert 12400 not in asyncio.run(play())


def test_entities_are_rejected():
    laughs = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Response><Say>&b;</Say></Response>'
    try:
        parse(laughs)
    except TwimlParseError as reason:
        assert (reason.code, reason.line) == (12100, 1)
    else:
        raise AssertionError("entities were taken")


def test_nesting_is_limited():
    try:
        parse("<Response>" + "<Say>" * 5000 + "</Say>" * 5000 + "</Response>")
    except TwimlParseError as reason:
        assert reason.code == 12100
    else:
        raise AssertionError("any depth was taken")


def test_mistake_is_reported_with_line_and_column():
    try:
        parse("<Response>\n  <Say>hi\n</Response>")
    except TwimlParseError as reason:
        assert (reason.code, reason.line) == (12100, 3)
        assert "mismatched" in reason.detail


def test_unclosed_verb_is_reported():
    with pytest.raises(TwimlParseError, match="<Say> on line 2 is not closed"):
        parse("<Response>\n<Say>hi")


def test_charset_of_the_header_wins_over_the_declaration():
    body = '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Grüße</Say></Response>'.encode("latin-1")
    assert parse(body, "iso-8859-1").elements()[0].text() == "Grüße"
