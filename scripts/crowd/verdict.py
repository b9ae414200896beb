"""Compares what each person got with what they should have got."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Verdict:
    """Counts of answers: texts and spoken sentences alike. `examples` has a line for each of the first 20 faults."""

    expected: int = 0
    right: int = 0
    twice: int = 0
    wrong: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_perfect(self) -> bool:
        """Whether everybody got exactly the right answers."""
        return self.right == self.expected and not (self.twice or self.wrong or self.lost)

    def compare(self, who: str, expected: Sequence[str], received: Iterable[str]) -> None:
        """Count the answers of one person on one channel. `expected` are regular expressions, each for one answer."""
        self.expected += len(expected)
        left, used = list(received), Counter[str]()
        for pattern in expected:
            found = next((answer for answer in left if re.search(pattern, answer)), None)
            if found is None:
                self._count("lost", f"{who} did not get /{pattern}/")
                continue
            self.right += 1
            left.remove(found)
            used[found] += 1
        for answer in left:
            self._count("twice" if used[answer] else "wrong", f"{who} got {answer[:80]!r}")

    def compare_heard(self, who: str, expected: Sequence[str], heard: Sequence[str]) -> None:
        """Like `compare`, but a caller may hear other sentences too, such as the menu, though each answer only once."""
        self.expected += len(expected)
        for pattern in expected:
            count = sum(bool(re.search(pattern, sentence)) for sentence in heard)
            if count == 0:
                self._count("lost", f"{who} did not hear /{pattern}/")
            else:
                self.right += 1
            if count > 1 and not pattern.startswith("Press") and pattern.startswith("^"):
                self._count("twice", f"{who} heard /{pattern}/ {count} times")

    def _count(self, name: str, example: str) -> None:
        setattr(self, name, getattr(self, name) + 1)
        if len(self.examples) < 20:
            self.examples.append(f"{name}: {example}")
