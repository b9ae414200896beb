"""The `score` scene: how the audience rates the talk, from 0 to 10."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from answer_outcomes import NOT_UNDERSTOOD, AnswerText
from show.base_scene import CLOSED, OPEN, TTL_SECONDS, Contribution, Scene, SceneView, length_problems
from show.text_matching import SPOKEN_NUMBERS, normalize
from store import Pipe, Store

HIGHEST = 10
MAX_WORDS = 8  # a longer text with a number in it is not a score
OUT_OF_TEN = re.compile(r"(/|\bout of\b|\bof\b)\s*(10|ten)\b")
NOT_WHOLE = re.compile(r"[-−–]\s*\d|\d[.,]\d")


@dataclass(frozen=True)
class Score(Scene):
    """Counts one score per phone. Shows thanks first, and then the live average and histogram."""

    question: str = "How was it, 0 to 10?"
    thanks: str = "Thank you!"
    votes: str = "last"  # which of a phone's scores counts, last or first; defaults to the talk's setting

    kind: ClassVar[str] = "score"
    is_answerable: ClassVar[bool] = True
    max_digits: ClassVar[int] = 2

    def problems(self) -> Iterator[str]:
        """Check that both sentences can be read on the stage."""
        yield from length_problems("question", self.question)
        yield from length_problems("thanks", self.thanks)
        if self.votes not in ("last", "first"):
            yield f"votes is '{self.votes}': use last or first"

    def recognizes(self, words: str) -> bool:
        """A number, alone or in a short sentence."""
        return bool(_numbers(words))

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Store the score. Each phone has one score, so a duplicate webhook changes nothing."""
        score = find_score(contribution.words)
        if score is None:
            return AnswerText(f"Please send one whole number from 0 to {HIGHEST}.", NOT_UNDERSTOOD)
        command = "HSETNX" if self.votes == "first" else "HSET"
        pipe.execute_command(command, self.key("scores"), contribution.person, score)
        pipe.execute_command("EXPIRE", self.key("scores"), TTL_SECONDS)
        if self.votes == "first":
            return f"Thank you. Your first score counts; this one was {score}."
        return f"Thank you for your {score}. You can change it until the vote closes."

    def spoken_choices(self) -> str:
        """Hash or a pause ends a number of up to two digits."""
        return f"Press a number from 0 to {HIGHEST}, and then hash."

    def words_for_key(self, digits: str) -> str:
        """The number itself."""
        return str(int(digits)) if digits.isdecimal() and len(digits) <= 2 and int(digits) <= HIGHEST else ""

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The histogram and the average, which is None before the first score."""
        figures = self.figures(view)
        scores = figures["scores"]
        most = max(scores.values())
        columns = [
            {"score": int(score), "count": count, "height": round(1000 * count / max(most, 1))}  # per mille
            for score, count in scores.items()
        ]
        return {"columns": columns, **figures, "is_open": view.phase == OPEN}

    def footer(self, view: SceneView) -> str:
        """The number of people."""
        return f"{view.store.hlen(self.key('scores')):,} scored · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """How many people gave each score, the number of people, and the average; None without scores."""
        counted = Counter(int(score) for score in view.store.execute_command("HVALS", self.key("scores")))
        people = counted.total()
        average = round(sum(score * count for score, count in counted.items()) / people, 2) if people else None
        return {
            "scores": {str(score): counted[score] for score in range(HIGHEST + 1)},
            "people": people,
            "average": average,
        }

    def storage_keys(self) -> list[str]:
        """The scores: person -> score."""
        return [self.key("scores")]


def find_score(words: str) -> int | None:
    """Return the score in these words, such as 8 for "8", "eight", "8/10" or "I give it an 8"; None if unclear."""
    numbers = _numbers(words)
    if len(numbers) != 1 or NOT_WHOLE.search(words) or numbers[0] > HIGHEST:
        return None
    return numbers[0]


def _numbers(words: str) -> list[int]:
    """Return the numbers in a short text, without the 10 of "8 out of 10"."""
    spoken = normalize(OUT_OF_TEN.sub(" ", words[:200].lower())).split()
    if len(spoken) > MAX_WORDS:
        return []
    digits = [SPOKEN_NUMBERS.get(word, word) for word in spoken]
    return [int(word) for word in digits if word.isascii() and word.isdecimal() and len(word) < 10]
