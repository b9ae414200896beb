"""The parser of ConversationRelay messages, and the parts that turn text into speech, for any input."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ringback.relay.messages import MESSAGE_TYPES, AppMessage, InvalidMessage, parse_message
from ringback.relay.sentences import SentenceBuffer, spoken_part

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


def test_hostile_json_is_a_named_mistake():
    for frame in [
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
