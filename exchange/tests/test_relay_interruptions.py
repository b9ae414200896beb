"""ConversationRelay: who may interrupt the agent, what the app is told, and what happens to the rest."""

import pytest

ANSWER = "Life is a complex set of choices, and nobody knows all of them."  # 63 characters: 4.5 s


@pytest.fixture
def options():
    return {"pace": 1.0}


@pytest.fixture
def speaking(relay, exchange):
    """The agent has been speaking for 1.8 seconds, which are 25 characters."""

    def speaks(**attributes):
        relay.starts(**attributes)
        relay.says(ANSWER)
        exchange.time_passes(1.8)
        return relay

    return speaks


def test_the_caller_cuts_the_agent_off_at_the_right_word(speaking, ada):
    relay = speaking()
    ada.speaks("stop")
    assert relay.socket.gets("interrupt") == {
        "type": "interrupt",
        "utteranceUntilInterrupt": "Life is a complex set of",
        "durationUntilInterruptMs": 1800,
    }
    item = ada.call()["heard"][0]
    assert (item["interrupted"], bool(item["ended"])) == (True, True)


def test_words_that_interrupt_are_not_a_prompt_unless_the_app_wants_them(speaking, ada):
    relay = speaking()
    ada.speaks("stop")
    ada.speaks("and listen")
    assert relay.socket.gets("prompt")["voicePrompt"] == "and listen"
    assert len(relay.socket.of("interrupt")) == 1


def test_words_that_interrupt_are_a_prompt_after_the_interruption_if_the_app_wants_them(speaking, ada):
    relay = speaking(reportInputDuringAgentSpeech="any")
    ada.speaks("stop")
    relay.socket.gets("prompt")
    assert [message["type"] for message in relay.socket.received] == ["setup", "interrupt", "prompt"]


@pytest.mark.parametrize(
    ("interruptible", "speech", "key"),
    [("none", 0, 0), ("false", 0, 0), ("speech", 1, 0), ("dtmf", 0, 1), ("any", 1, 1), ("true", 1, 1)],
)
def test_only_the_kind_of_input_that_may_interrupt_does(speaking, ada, exchange, interruptible, speech, key):
    relay = speaking(interruptible=interruptible, reportInputDuringAgentSpeech="any", dtmfDetection="true")
    ada.speaks("stop")
    relay.socket.gets("prompt")
    assert len(relay.socket.of("interrupt")) == speech
    exchange.time_passes(5)
    relay.says("Again, something long enough.")
    ada.presses("1")
    relay.socket.gets("dtmf")
    assert len(relay.socket.of("interrupt")) == speech + key


def test_an_agent_that_cannot_be_interrupted_is_not_told_what_was_said_meanwhile(speaking, ada, exchange):
    relay = speaking(interruptible="none", dtmfDetection="true")
    ada.speaks("hello?")
    ada.presses("1")
    exchange.time_passes(5)
    ada.speaks("now")
    assert relay.socket.gets("prompt")["voicePrompt"] == "now"
    assert not relay.socket.of("dtmf")
    notes = [step["words"] for step in exchange.get(f"/calls/{ada.sid}")["steps"] if step["kind"] == "note"]
    assert len(notes) == 2
    assert "reportInputDuringAgentSpeech" in notes[0]


def test_the_greeting_has_a_rule_of_its_own(relay, ada, exchange):
    relay.starts(welcomeGreeting="Welcome to this call.", welcomeGreetingInterruptible="none")
    ada.hears("Welcome to this call.")
    ada.speaks("hi")
    exchange.time_passes(2)
    relay.says("How can I help you?")
    ada.speaks("stop")
    relay.socket.gets("interrupt")
    assert [item["interrupted"] for item in ada.call()["heard"]] == [False, True]


def test_a_single_answer_can_forbid_interruptions(relay, ada, exchange):
    relay.starts()
    relay.says("This must be heard.", interruptible=False)
    ada.speaks("stop")
    exchange.time_passes(2)
    ada.speaks("go on")
    relay.socket.gets("prompt")
    assert not relay.socket.of("interrupt")


def test_sentences_before_the_interrupted_one_are_in_the_utterance(relay, ada, exchange):
    relay.starts(events="tokens-played")
    relay.says("One two. Three four five six.")
    exchange.time_passes(0.6)
    ada.hears("One two.", "Three four five six.")
    exchange.time_passes(0.8)
    ada.speaks("stop")
    interrupt = relay.socket.gets("interrupt")
    assert interrupt["utteranceUntilInterrupt"] == "One two. Three four"
    assert 1380 <= interrupt["durationUntilInterruptMs"] <= 1420
    assert [message["value"] for message in relay.socket.of("info")] == ["One two.", "Three four"]


def test_an_answer_that_pauses_is_one_utterance(relay, ada, exchange):
    relay.starts()
    relay.socket.sends({"type": "text", "token": "One two. "})
    ada.hears("One two.")
    exchange.time_passes(5)
    relay.says("Three four five six.")
    exchange.time_passes(0.8)
    ada.speaks("stop")
    interrupt = relay.socket.gets("interrupt")
    assert interrupt["utteranceUntilInterrupt"] == "One two. Three four"
    assert 5780 <= interrupt["durationUntilInterruptMs"] <= 5820


def test_sentences_after_the_interrupted_one_are_never_heard(relay, ada, exchange):
    relay.starts()
    relay.says("One two three four. Five six seven.")
    ada.speaks("stop")
    relay.socket.gets("interrupt")
    exchange.time_passes(10)
    assert ada.heard() == ["One two three four."]


def test_tokens_of_an_interrupted_answer_that_still_arrive_are_not_heard(relay, ada, exchange):
    relay.starts()
    for token in ["One two three. ", "Four"]:
        relay.socket.sends({"type": "text", "token": token})
    ada.hears("One two three.")
    ada.speaks("stop")
    relay.socket.gets("interrupt")
    for token, last in [(" five. ", False), ("Six.", True), ("A new answer.", True)]:
        relay.socket.sends({"type": "text", "token": token, "last": last})
    ada.hears("One two three.", "A new answer.")


def test_after_the_next_prompt_tokens_are_a_new_answer(relay, ada, exchange):
    relay.starts()
    relay.socket.sends({"type": "text", "token": "One two three. "})
    ada.hears("One two three.")
    ada.speaks("stop")
    ada.speaks("and now?")
    relay.socket.gets("prompt")
    relay.says("Now this.")
    ada.hears("One two three.", "Now this.")


def test_an_interruption_in_silence_is_none(relay, ada, exchange):
    relay.starts()
    relay.says("Hello.")
    exchange.time_passes(1)
    ada.speaks("hello")
    relay.socket.gets("prompt")
    assert not relay.socket.of("interrupt")


def test_a_preemptible_answer_makes_way_for_the_next_one(relay, ada, exchange):
    relay.starts()
    relay.says("Please wait while I look that up for you.", preemptible=True)
    exchange.time_passes(1)
    relay.says("Here it is.")
    ada.hears("Please wait while I look that up for you.", "Here it is.")
    assert [item["interrupted"] for item in ada.call()["heard"]] == [True, False]
    assert not relay.socket.of("interrupt")


def test_an_answer_that_is_not_preemptible_is_finished_first(relay, ada, exchange):
    relay.starts()
    relay.says("Please wait while I look that up for you.")
    relay.socket.sends({"type": "text", "token": "Here it is.", "last": True})
    exchange.time_passes(1)
    assert len(ada.heard()) == 1
    exchange.time_passes(3)
    ada.hears("Please wait while I look that up for you.", "Here it is.")


def test_a_browser_that_speaks_slowly_is_interrupted_after_the_same_words(speaking, ada, exchange):
    relay = speaking()
    exchange.post(f"{ada.door}/calls/{ada.sid}/spoken", {"id": 1, "speaking": True})
    ada.speaks("stop")
    assert relay.socket.gets("interrupt")["utteranceUntilInterrupt"] == "Life is a complex set of"
