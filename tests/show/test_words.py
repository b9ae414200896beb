"""The scene `words`: a word cloud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from show import moderation
from show.base_scene import SceneView
from show.graphics.word_cloud_layout import HEIGHT, WIDTH, layout, text_width
from show.scenes.words import NO_WORD, find_word, word_id
from tests.support.person import Person


@pytest.fixture
def words(go):
    return go("words")


def waiting(redis):
    return [item.words for item in moderation.list_pending(redis, ["words"])]


def shown(words, redis):
    return dict(words.stage_values(SceneView(redis, "open"))["ranking"])


def figures(words, redis):
    return words.figures(SceneView(redis))


def test_one_approval_releases_a_word_for_everybody(words, people, redis):
    for person, word in zip(people(4), ("calm", "Calm!", "CALM", "loud"), strict=True):
        assert person.texts(word).startswith("Thank you. Your word is ")
    assert waiting(redis) == ["calm", "loud"]
    assert shown(words, redis) == {}
    words.perform(redis, "approve", "calm")
    assert shown(words, redis) == {"calm": 3}
    assert waiting(redis) == ["loud"]
    assert figures(words, redis) == {"words": {"calm": 3, "loud": 1}}


def test_person_has_one_word(words, person, redis):
    for word in ("calm", "loud"):
        person.texts(word)
        words.perform(redis, "approve", word)
    assert shown(words, redis) == {"loud": 1}


def test_unapproved_and_hidden_words_are_not_on_stage(words, people, redis, draw_stage):
    for person, word in zip(people(3), ("calm", "curse", "waiting"), strict=True):
        person.texts(word)
    words.perform(redis, "approve", "calm")
    words.perform(redis, "hide", "curse")
    assert ">calm<" in draw_stage()
    assert "curse" not in draw_stage() and ">waiting<" not in draw_stage()
    people(4)[3].texts("curse")
    assert waiting(redis) == ["waiting"]
    assert figures(words, redis) == {"words": {"calm": 1, "waiting": 1}}


def test_banned_person_counts_no_more_and_is_not_told(words, person, redis):
    person.texts("curse")
    words.perform(redis, "ban", "curse")
    assert person.texts("calm") == "Thank you. Your word is calm."
    assert figures(words, redis) == {"words": {}} and waiting(redis) == []


def test_word_by_speech(words, person, redis):
    assert "Say one word." in person.dials().heard
    assert "Your word is calm." in person.says("Calm.").heard
    assert waiting(redis) == ["calm"]


def test_copy_of_a_text_is_one_word(words, person, redis):
    for _ in range(2):
        person.texts("calm", sid="SM" + "7" * 32)
    assert figures(words, redis) == {"words": {"calm": 1}}


@pytest.mark.parametrize(
    ("text", "word"),
    [("  Café! ", "café"), ("C++", "c++"), ("rock'n'roll", "rock'n'roll"), ("“calm”", "calm"), ("שלום", "שלום")]
    + [("हिन्दी!", "हिन्दी"), ("สี", "สี"), ("cafe\u0301", "cafe\u0301"), ("calm❤️", "calm")]
    + [
        (bad, "")
        for bad in ("", "two words", "07700900123", "42", "ada@mail.example", "x.example", "x" * 21, "<b>x</b>")
    ],
)
def test_a_word_is_a_single_word(text, word):
    assert find_word(text) == word


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [("café", "cafe", True), ("שָׁלוֹם", "שלום", True), ("かぎ", "かき", False), ("ม้า", "มา", False)],
)
def test_spellings_with_and_without_accents_are_one_word(one, other, are_same):
    assert (word_id(one) == word_id(other)) is are_same


def test_word_is_as_wide_as_its_syllables():
    assert text_width(word_id("안녕"), 40) == 2 * 40
    assert text_width(word_id("สี"), 40) == text_width("ส", 40)


def test_several_words_are_explained(words, person, redis):
    assert person.texts("calm and quiet") == NO_WORD
    assert waiting(redis) == []
    assert events.read_latest(redis, 1)[0].data["outcome"] == "not_understood"


@given(st.text(max_size=60))
def test_every_word_is_short_and_is_recognized_again(text):
    word = find_word(text)
    assert len(word) <= 20 and find_word(word) == word
    assert word_id(word_id(word)) == word_id(word)


names = st.lists(st.text("abcdeilmw", min_size=1, max_size=20), unique=True, max_size=30)


@given(names, st.data())
def test_words_keep_their_places_and_never_overlap_while_the_cloud_grows(order, data):
    counts = {word: data.draw(st.integers(1, 50)) for word in order}
    places = {}
    for size in range(len(order) + 1):
        placed = layout(order[:size], {word: counts[word] for word in order[:size]})
        for word in placed:
            assert places.setdefault(word.text, (word.x, word.y)) == (word.x, word.y)
            assert word.is_inside and word.width <= WIDTH and word.y < HEIGHT
        assert not [1 for one in placed for other in placed if one.text < other.text and one.overlaps(other)]


def test_word_without_senders_keeps_its_place_free():
    all_three = {word.text: (word.x, word.y) for word in layout(["one", "two", "six"], {"one": 1, "two": 1, "six": 1})}
    without = {word.text: (word.x, word.y) for word in layout(["one", "two", "six"], {"one": 1, "six": 1})}
    assert without == {text: place for text, place in all_three.items() if text != "two"}


def test_callers_without_a_number_have_a_word_per_call(words, post_as_twilio, redis):
    for call in ("1", "2"):
        caller = Person(post_as_twilio, "+266696687")
        caller.number, caller.call_sid = "anonymous", "CA" + call * 32
        caller.dials().says("calm")
    assert figures(words, redis) == {"words": {"calm": 2}}
