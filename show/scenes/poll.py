"""The `poll` scene: a vote by word, key or speech."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

from show.base_scene import (
    BROWSER_PHONE_PREFIX,
    CLOSED,
    REVEALED,
    TTL_SECONDS,
    Contribution,
    Scene,
    SceneView,
    length_problems,
)
from show.text_matching import SPOKEN_NUMBERS, normalize, skeleton
from store import Pipe, Store

PREFIX = BROWSER_PHONE_PREFIX.encode()
MAX_OPTIONS = 9  # keys 1 to 9; the star key is for everything else
MAX_OPTION_CHARACTERS = 24


@dataclass(frozen=True)
class Poll(Scene):
    """Counts one vote per phone. `results` is hidden (until the presenter reveals them) or live."""

    question: str = ""
    options: tuple[str, ...] = ()
    results: str = "hidden"
    votes: str = "last"  # which of a phone's votes counts, last or first; defaults to the talk's setting

    kind: ClassVar[str] = "poll"
    is_answerable: ClassVar[bool] = True
    is_revealable: ClassVar[bool] = True

    def problems(self) -> Iterator[str]:
        """Check that the options fit the keypad and the screen, and cannot be mistaken for one another."""
        yield from length_problems("question", self.question)
        if not 2 <= len(self.options) <= MAX_OPTIONS:
            yield f"there are {len(self.options)} options: give 2 to {MAX_OPTIONS}, because each needs a key"
        for option in self.options:
            if len(option) > MAX_OPTION_CHARACTERS:
                yield f"option '{option}' is too long for the screen: use at most {MAX_OPTION_CHARACTERS} characters"
        for key, option in enumerate(self.options, 1):
            yield from _word_problems(option, key)
        for one, other in combinations(self.options, 2):
            if problem := next((words for words, is_same in SAME if is_same(one, other)), ""):
                yield f"options '{one}' and '{other}' {problem}. Choose words that differ more"
        if self.results not in ("hidden", "live"):
            yield f"results is '{self.results}': use hidden or live"
        if self.votes not in ("last", "first"):
            yield f"votes is '{self.votes}': use last or first"

    def choices(self) -> tuple[str, ...]:
        """The options."""
        return self.options

    def sample_replies(self) -> Iterator[str]:
        """The reply to each vote."""
        yield from map(self._reply, self.options)

    def recognizes(self, words: str) -> bool:
        """An option, its number, or the option within a short sentence."""
        return bool(self.find_option(words))

    def find_option(self, words: str) -> str:
        """Return the option that these words name, or ""."""
        spoken = normalize(words)
        by_words = {normalize(option): option for option in self.options}
        by_words |= {str(key): option for key, option in enumerate(self.options, 1)}
        if found := by_words.get(SPOKEN_NUMBERS.get(spoken, spoken)):
            return found
        named = {option for name, option in by_words.items() if not name.isdigit() and f" {name} " in f" {spoken} "}
        return named.pop() if len(named) == 1 else ""

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Store the vote. Each phone has one vote, so a duplicate webhook changes nothing."""
        option = self.find_option(contribution.words)
        command = "HSETNX" if self.votes == "first" else "HSET"
        pipe.execute_command(command, self.key("votes"), contribution.person, option)
        pipe.execute_command("EXPIRE", self.key("votes"), TTL_SECONDS)
        return self._reply(option)

    def _reply(self, option: str) -> str:
        if self.votes == "first":
            return f"Thank you. Your first vote counts; this one was for {option}."
        return f"You voted for {option}. You can change your vote until the poll closes."

    def spoken_choices(self) -> str:
        """Name the key of each option: "Press 1 for tabs, 2 for spaces", and so on."""
        return "Press " + ", ".join(f"{key} for {option}" for key, option in enumerate(self.options, 1)) + "."

    def words_for_key(self, digits: str) -> str:
        """Keys are numbered from 1."""
        return self.options[int(digits) - 1] if digits.isdecimal() and 0 < int(digits) <= len(self.options) else ""

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The bars, without figures while they are hidden."""
        votes = self.count(view.store) if self.is_public(view.phase) else {}
        most = max(votes.values(), default=0)
        leaders = [option for option, count in votes.items() if count == most] if most else []
        return {
            "votes_rule": "Your last vote counts." if self.votes == "last" else "Your first vote counts.",
            "bars": [
                {
                    "key": key,
                    "option": option,
                    "votes": votes.get(option),
                    "share": round(1000 * votes.get(option, 0) / max(sum(votes.values()), 1)),  # per mille
                    "is_ahead": leaders == [option],
                }
                for key, option in enumerate(self.options, 1)
            ],
        }

    def is_public(self, phase: str) -> bool:
        """Whether the audience may see the figures."""
        return self.results == "live" or phase == REVEALED

    def footer(self, view: SceneView) -> str:
        """The number of voters, which reveals nothing about the result."""
        people = view.store.execute_command("HLEN", self.key("votes"))
        in_browsers = sum(self.count(view.store, in_browsers=True).values())
        voted = f"{people - in_browsers:,} voted" + (f", {in_browsers:,} in browsers" if in_browsers else "")
        return f"{voted} · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """Votes per option, and the number of people; votes from browser phones separately, if there are any."""
        votes, browser_votes = self.count(view.store), self.count(view.store, in_browsers=True)
        apart = {"browser_votes": browser_votes} if any(browser_votes.values()) else {}
        return {"votes": votes, "people": sum(votes.values()), **apart}

    def count(self, store: Store, in_browsers: bool = False) -> dict[str, int]:
        """Return the votes of phones, or of browser phones, for each option, in the order of the options."""
        votes = store.hgetall(self.key("votes")).items()
        counted = Counter(vote.decode() for person, vote in votes if person.startswith(PREFIX) == in_browsers)
        return {option: counted[option] for option in self.options}

    def storage_keys(self) -> list[str]:
        """The votes: person -> option."""
        return [self.key("votes")]


def _word_problems(option: str, key: int) -> Iterator[str]:
    words = normalize(option)
    number = SPOKEN_NUMBERS.get(words, words)
    if not words:
        yield f"option '{option}' has no letters, so nobody can say it. Add a word"
    elif number.isdecimal() and number != str(key):
        yield f"option '{option}' is a number, but its key is {key}. Use a word, or put it in the place of its number"


def _is_prefix(one: str, other: str) -> bool:
    short, long = sorted((normalize(one), normalize(other)), key=len)
    return bool(short) and long.startswith(short)


# How two options can be mistaken for each other, the most specific first.
SAME: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    ("differ only in case, accents or punctuation", lambda one, other: normalize(one) == normalize(other)),
    (
        "are the same number",
        lambda one, other: SPOKEN_NUMBERS.get(normalize(one), one) == SPOKEN_NUMBERS.get(normalize(other), other),
    ),
    ("look alike", lambda one, other: skeleton(one) == skeleton(other)),
    ("begin alike: one is the beginning of the other", _is_prefix),
)
