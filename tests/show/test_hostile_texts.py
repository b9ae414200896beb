"""Hostile texts in every scene that takes texts: harmless on the stage, on the console, in figures and in replies."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from sending.segments import count_segments
from show import moderation, waiting_line
from show.base_scene import OPEN, SceneView
from show.show_state import set_phase
from tests.support.person import PUBLIC_URL
from tests.support.presenter import Presenter
from tests.support.redis_keys import undocumented

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover=\"alert(1)' autofocus='",
    "closed-svg": "</text></svg><h1>x</h1>",
    "template": "{{ config }}{% print(1) %}${7*7}",
    "right-to-left": "\u202egnitirw\u202c \u2066x\u2069 שלום עולם",
    "zalgo": "z" + "\u0334\u0310\u0343" * 40 + "algo",
    "long": "lorem ipsum " * 133,
    "one-long-word": "x" * 1_600,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🎉" * 20,
    "formula": '=HYPERLINK("http://evil.example","x")',
    "formula-plus": "+1+1|cmd",
    "formula-at": "@SUM(A1:A9)",
    "control": "a\x00b\x07c\x1b[31m\r\nd\u2028e",
    "invisible": "\u200b\u200d\ufeff\u00ad\u2063",
    "private": "\ue000\U000f0000\ud83d",
    "number": "call +447700900999 or 07700 900 999, ann@mail.example, https://evil.example/x?token=1",
    "redis": "*1\r\n$8\r\nFLUSHALL\r\n",
    "json": '{"words": "x"}',
    "path": "../../etc/passwd",
}
KINDS = ["poll", "words", "wall", "questions", "score", "raffle"]
SECRETS = ("900999", "900 999", "ann@mail", "token=1")
# What must never reach a screen: direction marks, invisible and control characters.
FORBIDDEN = re.compile("[\u0000-\u0008\u000b-\u001f\u200b\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ue000-\uf8ff]")


class Elements(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def elements(html):
    parser = Elements()
    parser.feed(html)
    return parser


@pytest.fixture
def begin(app, go, redis):
    """Go to the first scene of this kind, on an empty store. Return the scene."""

    def begin_scene(kind):
        assert not undocumented(redis)  # as the fixture `redis` checks at the end
        redis.flushall()
        found = go(next(scene.id for scene in app.extensions["talk"].scenes if scene.kind == kind))
        found.figures(SceneView(redis))
        set_phase(redis, found, OPEN)
        return found

    return begin_scene


def each_text():
    """The name and the words of each hostile text. A failing test prints the name of the last one."""
    for name, words in HOSTILE.items():
        print(name)
        yield name, words.encode("utf-8", "replace").decode()


@pytest.fixture
def log_in(app, settings):
    """Logs in, and returns the presenter's browser. The store has the sessions."""

    def get():
        client = Presenter(app, base_url=PUBLIC_URL)
        client.tries(settings.presenter_password)
        return client

    return get


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_is_harmless(kind, begin, person, redis, draw_stage, log_in, visitor):
    for _, words in each_text():
        one_text_is_harmless(begin(kind), words, person, redis, draw_stage, log_in(), visitor)


def one_text_is_harmless(scene, words, person, redis, draw_stage, presenter, visitor):
    empty = elements(draw_stage())
    reply = person.texts(words)
    ElementTree.fromstring(person.answer.text)
    is_help = "Text me one of these" in reply  # the list of commands is longer
    assert is_help or count_segments(reply) == 1
    waiting = moderation.list_pending(redis, [scene.id])
    assert len(waiting) <= 1 and words[:20] not in draw_stage()

    console = presenter.get("/present")
    assert console.status_code == 200
    for item in waiting:
        scene.perform(redis, "approve", item.id)
    stage, page = draw_stage(), visitor.get("/", base_url=PUBLIC_URL).text
    figures = json.dumps(presenter.get("/present/talk").json["figures"])

    for html in (stage, console.text):
        found = elements(html)
        assert (
            not {"script", "img", "iframe", "object"} & (set(found.tags) - {"script"})
            and "alert(1)</script>" not in html
        )
        assert not [attribute for attribute in found.attributes if attribute.startswith("on")]
    assert elements(stage).tags.count("script") == 0 and elements(stage).tags.count("h1") == empty.tags.count("h1") == 1
    for shown in (stage, page, console.text, figures):
        assert not FORBIDDEN.search(shown)
        assert not [secret for secret in SECRETS if secret in shown]
        assert not re.search("[\u0300-\u036f]{3}", shown)
    assert max(map(len, re.findall(r">([^<]+)<", stage)), default=0) <= 400


@pytest.mark.parametrize("kind", KINDS)
def test_file_of_any_type_is_harmless(kind, begin, person, redis, draw_stage):
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME" + "0" * 32
    for content_type in ("image/svg+xml", "text/html", "text/vcard", "application/x-msdownload"):
        scene = begin(kind)
        more = {"MediaUrl0": url, "MediaContentType0": content_type, "MediaUrl1": "javascript:alert(1)"}
        person.texts("", NumMedia="2", **more, MediaContentType1="image/png")
        assert moderation.list_pending(redis, [scene.id]) == [], content_type
        stage = draw_stage()
        assert "<img" not in stage and "javascript" not in stage, content_type


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_speech_is_harmless(kind, begin, person, redis, draw_stage):
    for name, words in each_text():
        scene = begin(kind)
        person.dials().says(words)
        for item in moderation.list_pending(redis, [scene.id]):
            scene.perform(redis, "approve", item.id)
        stage = draw_stage()
        assert not FORBIDDEN.search(stage) and "<script" not in stage, name


def test_hostile_caption_is_harmless(begin, person, redis, draw_stage, post_as_twilio):
    for name, words in each_text():
        caption_is_harmless(begin("line"), name, words, person, redis, draw_stage, post_as_twilio)


def caption_is_harmless(line, name, words, person, redis, draw_stage, post_as_twilio):
    person.call_sid = "CA" + "a" * 32
    person.dials().presses("1").says(words)
    waiting_line.move_to_stage(redis, line.id, waiting_line.list_waiting(redis, line.id)[0])
    fields = {"TranscriptionEvent": "transcription-content", "TranscriptionSid": "GT" + "1" * 32, "SequenceId": "2"}
    fields |= {"CallSid": person.call_sid, "TranscriptionData": json.dumps({"transcript": words}), "Final": "true"}
    assert post_as_twilio("/voice/line/caption?scene=line", fields).status_code == 204
    for item in moderation.list_pending(redis, [line.id]):
        line.perform(redis, "approve", item.id)
    stage = draw_stage()
    assert not FORBIDDEN.search(stage) and not {"script", "img"} & set(elements(stage).tags)
    assert not re.search("[\u0300-\u036f]{3}", stage) and not [secret for secret in SECRETS if secret in stage]
    assert ('class="caption"' in stage) == (name != "invisible")
