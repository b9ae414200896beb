"""What a diagnosis says: one common mistake, its explanation and its fix."""

from dataclasses import dataclass

UNKNOWN = "unknown"  # the name of the Mistake that means "none of the common mistakes"


@dataclass(frozen=True)
class Mistake:
    """A common mistake: a short name, an explanation and a fix, for operators and never for the sender.

    The explanation is a clause without a full stop; the fix is one or more sentences.
    """

    name: str
    explanation: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.explanation}. {self.fix}" if self.fix else self.explanation

    def combined_with(self, other: "Mistake") -> "Mistake":
        """Return both mistakes as one."""
        explanation = f"{self.explanation}, and {other.explanation}"
        return Mistake(f"{self.name} and {other.name}", explanation, f"{self.fix} {other.fix}")
