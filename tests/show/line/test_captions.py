"""What callers say becomes captions."""

import json

import pytest

from phone.twiml import line_documents
from show import moderation
from show.base_scene import SceneView
from tests.show.line.callers import joins


def says_on_stage(post_as_twilio, person, words, number=2, data="", **more):
    data = data or json.dumps({"transcript": words, "confidence": 0.9})
    fields = {"TranscriptionEvent": "transcription-content", "TranscriptionSid": "GT" + "1" * 32, "Final": "true"}
    fields |= {"CallSid": person.call_sid, "SequenceId": str(number), "TranscriptionData": data} | more
    return post_as_twilio("/voice/line/caption?scene=line", fields).status_code


def test_caption_is_shown_once_it_is_approved(line, ada, act, redis):
    joins(ada, "call me on +447700900999 about <b>webhooks</b>")
    act("bring-on")
    assert line.stage_values(SceneView(redis, "open"))["caption"] == ""
    (item,) = moderation.list_pending(redis, [line.id])
    act("approve", item.id)
    caption = line.stage_values(SceneView(redis, "open"))["caption"]
    assert "webhooks" in caption
    assert "447700900999" not in caption


def test_sentences_of_the_caller_on_stage_are_captions_once_approved(line, ada, bob, act, redis, post_as_twilio):
    joins(ada)
    joins(bob, "")
    act("bring-on")
    for number, person, words in (
        (2, ada, "Hello."),
        (3, ada, "I have a question."),
        (3, ada, "again"),
        (2, bob, "Hi"),
    ):
        assert says_on_stage(post_as_twilio, person, words, number) == 204
    waiting = moderation.list_pending(redis, [line.id])
    assert [item.words for item in waiting] == ["webhooks", "Hello.", "I have a question."]
    for item in waiting:
        act("approve", item.id)
        assert line.stage_values(SceneView(redis, "open"))["caption"] == item.words


def test_words_that_may_still_change_are_no_caption(line, ada, act, redis, post_as_twilio):
    joins(ada, "")
    act("bring-on")
    says_on_stage(post_as_twilio, ada, "I have", Final="false", Stability="0.9")
    assert moderation.list_pending(redis, [line.id]) == []


@pytest.mark.parametrize("action", ["end", "next-caller"])
def test_captions_of_a_past_call_need_no_decision(line, ada, bob, act, redis, post_as_twilio, action):
    joins(ada)
    joins(bob, "retries")
    act("bring-on")
    says_on_stage(post_as_twilio, ada, "Hello.")
    act(action)
    assert [item.words for item in moderation.list_pending(redis, [line.id])] == ["retries"]


@pytest.mark.parametrize("data", ["x", "[]", "{}", '{"transcript": 5}', "[" * 5000])
def test_nonsense_transcript_is_no_error(line, ada, act, post_as_twilio, data):
    joins(ada)
    act("bring-on")
    assert says_on_stage(post_as_twilio, ada, "", data=data) == 204


def test_caller_on_stage_is_transcribed_if_the_talk_file_says_so():
    assert "<Transcription " in line_documents.connect_caller("line", is_transcribed=True)
    assert "<Transcription " not in line_documents.connect_caller("line", is_transcribed=False)
