"""The parser of ConversationRelay messages, and the parts that turn text into speech, for any input."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.relay.agent_voice import spoken_part
from ringback.relay.app_message_parser import MESSAGE_TYPES, AppMessage, InvalidMessage, parse_message
from ringback.relay.sentence_buffer import SentenceBuffer

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({name for message in MESSAGE_TYPES.values() for name in message.fields})
LIKE_MESSAGES = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    st.sampled_from([*MESSAGE_TYPES, "", 7]),
    st.dictionaries(st.sampled_from(FIELDS), ANY_JSON | st.sampled_from(["any", "en-US", "12#", "https://x/y"])),
)


def parsed(frame):
    try:
        message, unknown = parse_message(frame)
    except InvalidMessage as mistake:
        assert str(mistake)
        return None
    assert isinstance(message, AppMessage)
    return unknown


@given(st.text() | ANY_JSON.map(json.dumps))
def test_any_frame_is_a_message_or_a_named_mistake(frame):
    parsed(frame)


@given(LIKE_MESSAGES)
def test_any_fields_are_accepted_or_named(fields):
    parsed(json.dumps(fields))


@pytest.mark.parametrize(
    ("message", "mistake"),
    [
        ("hello", "it is not JSON"),
        ('["text"]', "it is not a JSON object"),
        ('{"token": "x"}', "type must be one of text, play"),
        ('{"type": "interrupt"}', 'not "interrupt"'),
        ('{"type": "text"}', "text requires token"),
        ('{"type": "text", "token": null}', "text requires token"),
        ('{"type": "text", "token": 7}', "text: token must be text, not 7"),
        ('{"type": "text", "token": "x", "last": "yes"}', "text: last must be true or false"),
        ('{"type": "text", "token": "x", "interruptible": "keys"}', "interruptible must be none, dtmf, speech or any"),
        ('{"type": "text", "token": "x", "lang": "?"}', "lang must be a language tag"),
        ('{"type": "play", "source": "x.wav"}', "play: source must be an http or https URL"),
        ('{"type": "play", "source": "https://x/y.wav", "loop": 1001}', "loop must be a whole number from 0 to 1000"),
        ('{"type": "sendDigits", "digits": ""}', "digits must be 1 to 200 of"),
        ('{"type": "language"}', "language requires ttsLanguage or transcriptionLanguage"),
        ('{"type": "end", "handoffData": {"a": 1}}', "end: handoffData must be text"),
        ('{"type": "config"}', "config changes nothing"),
        ('{"type": "config", "speechTimeout": 5}', "speechTimeout must be 600 to 5000 or auto"),
        (
            '{"type": "config", "languages": [{"code": "es-ES", "pitch": "high"}]}',
            "languages must have code and any of",
        ),
    ],
)
def test_a_mistake_names_the_field_and_what_it_must_be(message, mistake):
    with pytest.raises(InvalidMessage) as raised:
        parse_message(message)
    assert mistake in str(raised.value)


def test_hostile_json_is_a_named_mistake():
    too_long = json.dumps({"type": "text", "token": "x" * 16_385})
    for frame in [
        too_long,
        "[" * 100_000,
        "9" * 10_000,
        '{"type": ' + "9" * 10_000 + "}",
        '{"type":"play","loop":1e999,"source":"https://x"}',
    ]:
        assert parsed(frame) is None


@given(st.lists(st.text(alphabet='ab. !?\n。"', max_size=12)))
def test_sentences_lose_no_character(tokens):
    buffer = SentenceBuffer()
    spoken = [sentence for token in tokens for sentence in buffer.add(token)] + buffer.flush()
    assert "".join(spoken) == "".join(tokens)


@given(st.text(alphabet="abc de"), st.floats(0, 1.5))
def test_a_spoken_part_is_whole_words_from_the_beginning(text, fraction):
    part = spoken_part(text, fraction)
    assert text.startswith(part)
    assert part == text or text[len(part) : len(part) + 1] in ("", " ") or not part
