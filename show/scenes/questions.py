"""The `questions` scene: the audience asks, and votes on what to answer first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from answer_outcomes import DECLINED, NOT_UNDERSTOOD, AnswerText
from show import moderation
from show.base_scene import CLOSED, OPEN, TTL_SECONDS, Contribution, SceneError, SceneView, length_problems
from show.contribution_limits import REFUSALS
from show.moderated_scene import ModeratedScene
from show.moderation import ANSWERED, APPROVED, Item
from show.text_matching import SPOKEN_NUMBERS, normalize
from store import Pipe, Store, execute

MAX_NUMBERED = 99  # two digits, so that a key or a text can name every question
EMPTY = AnswerText("Your text was empty. Please send a question.", NOT_UNDERSTOOD)
SHOWN_QUESTIONS = 4


@dataclass(frozen=True)
class RankedQuestion:
    """An approved question. Numbers start at 1, in the order of approval."""

    number: int
    item: Item
    votes: int


@dataclass(frozen=True)
class Questions(ModeratedScene):
    """Ranks the approved questions by votes. Texting or pressing a question's number votes for it."""

    question: str = "What would you like to know?"

    kind: ClassVar[str] = "questions"
    max_digits: ClassVar[int] = 2
    actions: ClassVar[Mapping[str, str]] = {**ModeratedScene.actions, "answered": "Answered"}

    def problems(self) -> Iterator[str]:
        """Check that the question can be read on the stage."""
        yield from super().problems()
        yield from length_problems("question", self.question)

    def recognizes(self, words: str) -> bool:
        """The number of a question."""
        return find_number(words) > 0

    def receive(self, store: Store, pipe: Pipe, contribution: Contribution) -> str:
        """Store a question or a vote."""
        if number := find_number(contribution.words):
            return self._vote(store, pipe, contribution.person, number)
        item = self.make_item(contribution, "question")
        if not item.words:
            return EMPTY
        if not self.is_approval_required and len(moderation.load_order(store, self.id)) >= MAX_NUMBERED:
            return REFUSALS["full"]  # nobody could vote for it
        when = " once the presenter has approved it" if self.is_approval_required else ""
        return self.submit(store, pipe, item, f"Thank you. Your question appears{when}. To vote, text its number.")

    def _vote(self, store: Store, pipe: Pipe, person: str, number: int) -> str:
        order = moderation.load_order(store, self.id)
        if number > len(order):
            return AnswerText(f"There is no question {number} yet.", DECLINED)
        state = moderation.find_state(store, self.id, order[number - 1])
        if state == ANSWERED:
            return AnswerText(f"Question {number} has been answered already.", DECLINED)
        if state != APPROVED:
            return AnswerText(f"Question {number} is no longer on the list.", DECLINED)
        pipe.execute_command("SADD", self._votes_key(number), person)
        pipe.execute_command("EXPIRE", self._votes_key(number), TTL_SECONDS)
        return f"You voted for question {number}. You can vote for others too."

    def spoken_choices(self) -> str:
        """Speech is free text; keys vote."""
        return "Ask your question, or press the number of a question to vote for it, and then hash."

    def words_for_key(self, digits: str) -> str:
        """The number of a question."""
        return digits if find_number(digits) else ""

    def perform(self, store: Store, action: str, item: str) -> None:
        """Decide on a question, which may be named by its number, or mark it as answered."""
        order = moderation.load_order(store, self.id)
        if item.isdecimal() and len(item) < 3 and 0 < int(item) <= len(order):
            item = order[int(item) - 1]
        if action == "approve" and item not in order and len(order) >= MAX_NUMBERED:
            raise SceneError(f"There are {MAX_NUMBERED} questions already. Reset the scene for more.")
        if action == "answered":
            moderation.decide(store, self.id, item, ANSWERED)
        else:
            super().perform(store, action, item)

    def stage_values(self, view: SceneView) -> dict[str, Any]:
        """The approved questions, ranked, without those that have been answered."""
        ranked = self.rank(view.store)
        return {
            "questions": ranked[:SHOWN_QUESTIONS],
            "more": max(0, len(ranked) - SHOWN_QUESTIONS),
            "answered": moderation.count_items(view.store, self.id, ANSWERED),
            "is_open": view.phase == OPEN,
        }

    def rank(self, store: Store) -> list[RankedQuestion]:
        """Return the approved questions, most votes first."""
        items = {item.id: item for item in moderation.load_items(store, self.id, APPROVED)}
        numbers = [(number, id) for number, id in enumerate(moderation.load_order(store, self.id), 1) if id in items]
        votes = execute(store, [("SCARD", self._votes_key(number)) for number, _ in numbers]) if numbers else []
        ranked = [RankedQuestion(number, items[id], count) for (number, id), count in zip(numbers, votes, strict=True)]
        return sorted(ranked, key=lambda question: (-question.votes, question.number))

    def footer(self, view: SceneView) -> str:
        """The number of questions that wait for an answer."""
        count = moderation.count_items(view.store, self.id, APPROVED)
        return f"{count:,} question{'' if count == 1 else 's'} · {view.phase or CLOSED}"

    def figures(self, view: SceneView) -> dict[str, Any]:
        """The number of items per state, and the votes for each question."""
        states = {state: moderation.count_items(view.store, self.id, state) for state in moderation.STATES}
        return {**states, "votes": {question.number: question.votes for question in self.rank(view.store)}}

    def storage_keys(self) -> list[str]:
        """The items, and for each question the people who voted for it."""
        return [*super().storage_keys(), *(self._votes_key(number) for number in range(1, MAX_NUMBERED + 1))]

    def _votes_key(self, number: int) -> str:
        return f"{self.key('upvotes')}:{number}"


def find_number(words: str) -> int:
    """Return the number of a question, such as 3 for "3", "three", "#3" or "question 3"; 0 if there is none."""
    spoken = normalize(words).removeprefix("question ").removeprefix("number ")
    number = SPOKEN_NUMBERS.get(spoken, spoken)
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 2 else 0
