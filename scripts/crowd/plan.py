"""What each simulated person does, when, and what they should get. The same seed gives the same crowd."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

TEXT, CALL = "text", "call"

# Kind of act -> how many of a hundred people do it.
WEIGHTS = {
    "vote by text": 42,
    "vote by key": 7,
    "vote by speech": 4,
    "flip": 8,
    "time": 7,
    "count": 8,
    "count by key": 3,
    "unknown word": 5,
    "rude word": 2,
    "other language": 4,
    "picture": 3,
    "message": 2,
    "hang up at once": 3,
    "stop": 2,
}
CHANGED_VOTES = 0.05  # the share of voters who vote again
SPELLINGS = ("{}", "{}", "{}", "{!u}", "{!t}!", " {} ", "{}.", "“{}”")
UNKNOWN = ("hello", "is this thing on", "first!", "lol", "when is lunch", "👋", "test test")
RUDE = ("this talk is crap", "bloody hell", "you are an arse")
FOREIGN = ("hallo zusammen", "guten Tag aus der dritten Reihe", "ça marche ?", "¿qué tal?")
FLIPPED, TOLD_TIME, UNDERSTOOD_NOT = (
    r"^I flipped a coin: ",
    r"^It is ",
    r"^I do not know that command\.|^Text me one of these",
)
# Which of a phone's votes counts -> the beginning of the reply to a vote.
VOTED = {"last": r"^You voted for ", "first": r"^Thank you\. Your first vote counts; this one was for "}
COUNTING, COUNTED = r"^I am counting", r"asked this number"
PICTURE = (  # one pixel
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5Erk"
    "Jggg=="
)


@dataclass(frozen=True)
class Act:
    """One text or call. `at` is in seconds from the start.

    `steps` are what to do after the call is answered: a verb (key, speech, hangup), its value, and a regular expression
    for the words that must be heard first. `texts` and `spoken` are regular expressions, one for each text that the
    person must get and each sentence that they must hear. `vote` is the option that this act votes for.
    """

    number: str
    at: float
    kind: str
    channel: str
    body: str = ""
    picture: str = ""
    steps: tuple[tuple[str, str, str], ...] = ()
    texts: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    vote: str = ""
    is_first: bool = field(default=True)


def numbers(people: int) -> Iterator[str]:
    """Yield fictional numbers: Ofcom's range for drama, then the numbers 555-0100 to 555-0199 in US area codes."""
    for at in range(people):
        if at < BRITISH_NUMBERS:
            yield f"+447700900{at + 101:03}"  # 100 is the app's in the demo
        else:
            area, line = divmod(at - BRITISH_NUMBERS, 100)
            yield f"+1{AREA_CODES[area]}555{100 + line:04}"


BRITISH_NUMBERS = 899
AREA_CODES = (
    *("202", "212", "213", "214", "215", "216", "303", "305", "312", "313", "314", "315", "404", "405", "406", "407"),
    *("408", "409", "410", "412", "413", "414", "415", "416", "502", "503", "504", "505", "507", "508", "509", "510"),
    *("512", "513", "515", "516", "517", "518", "602", "603", "605", "606", "607", "608", "609", "610", "612", "614"),
)


def make_plan(people: int, seconds: float, seed: int, options: Sequence[str], votes: str = "last") -> list[Act]:
    """Return the acts in chronological order. People arrive in bursts, as in a room where everybody is told the same
    thing. `votes` is the poll's rule: last or first."""
    chance = random.Random(seed)  # noqa: S311 (repeatable, not a secret)
    bursts = sorted(chance.uniform(0, seconds * 0.8) for _ in range(max(1, int(seconds / 10))))
    acts: list[Act] = []
    for number in numbers(people):
        at = min(seconds, abs(chance.choice(bursts) + chance.expovariate(8 / seconds)))
        kind = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        act = _act(kind, number, at, chance, options, votes)
        acts.append(act)
        if act.vote and chance.random() < CHANGED_VOTES:
            later = min(seconds + 5, at + chance.uniform(8, 12))
            acts.append(_vote_by_text(number, later, chance, options, votes, is_first=False))
    return sorted(acts, key=lambda act: act.at)


def expected_votes(acts: Sequence[Act], options: Sequence[str], votes: str = "last") -> dict[str, int]:
    """Return the votes that the poll must show: each person's last or first one."""
    in_order = acts if votes == "last" else reversed(acts)
    counted = {act.number: act.vote for act in in_order if act.vote}
    return {option: list(counted.values()).count(option) for option in options}


def _vote_reply(option: str, votes: str) -> str:
    return rf"{VOTED[votes]}{re.escape(option)}(?!\w)"


def _act(kind: str, number: str, at: float, chance: random.Random, options: Sequence[str], votes: str) -> Act:
    key = chance.randrange(len(options))
    choices, voted = r"Press 1 for ", _vote_reply(options[key], votes)
    calls: dict[str, Act] = {
        "vote by key": Act(
            number, at, kind, CALL, steps=(("key", str(key + 1), choices), ("hangup", "", voted)),
            spoken=(choices, voted), vote=options[key],
        ),
        "vote by speech": Act(
            number, at, kind, CALL, steps=(("speech", f"{options[key]} please", choices), ("hangup", "", voted)),
            spoken=(choices, voted), vote=options[key],
        ),
        "count by key": Act(
            number, at, kind, CALL,
            steps=(("key", "*", choices), ("key", "4", "Press 4"), ("hangup", "", COUNTED)),
            spoken=(COUNTED,),  # the answer may come before the interim sentence
        ),
        "message": Act(
            number, at, kind, CALL,
            steps=(("key", "*", choices), ("key", "9", "Press 9"), ("speech", "Hello!", "after the tone"),
                   ("key", "#", "after the tone"), ("hangup", "", "Thank you")),
            spoken=("after the tone", "^Thank you. We have your message"),
        ),
        "hang up at once": Act(number, at, kind, CALL, steps=(("hangup", "", ""),)),
    }  # fmt: skip
    if kind == "vote by text":
        return _vote_by_text(number, at, chance, options, votes)
    if kind in calls:
        return calls[kind]
    texts: dict[str, tuple[str, tuple[str, ...]]] = {
        "flip": ("flip", (FLIPPED,)),
        "time": ("time", (TOLD_TIME,)),
        "count": ("count", (COUNTING, COUNTED)),
        "unknown word": (chance.choice(UNKNOWN), (UNDERSTOOD_NOT,)),
        "rude word": (chance.choice(RUDE), (UNDERSTOOD_NOT,)),
        "other language": (chance.choice(FOREIGN), (UNDERSTOOD_NOT,)),
        "picture": ("", (r"^Your text was empty\.",)),
        "stop": ("STOP", ()),
    }
    body, replies = texts[kind]
    return Act(number, at, kind, TEXT, body=body, texts=replies, picture=PICTURE if kind == "picture" else "")


def _vote_by_text(
    number: str, at: float, chance: random.Random, options: Sequence[str], votes: str, is_first: bool = True
) -> Act:
    key = chance.randrange(len(options))
    option = options[key]
    spelling = chance.choice(SPELLINGS).replace("{!u}", option.upper()).replace("{!t}", option.title())
    body = str(key + 1) if chance.random() < 0.2 else spelling.replace("{}", option)
    reply = (_vote_reply(option, votes),)
    return Act(number, at, "vote by text", TEXT, body=body, texts=reply, vote=option, is_first=is_first)
