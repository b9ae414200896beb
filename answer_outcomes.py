"""Answers with an outcome, so that the stage and our webhooks do not present a refusal as an answer."""

ANSWERED = "answered"
FAILED = "failed"  # tried, without success: a site that is down, an address that nobody confirmed
DECLINED = "declined"  # not tried, for example because a limit was reached or the number is withheld
NOT_UNDERSTOOD = "not_understood"
ASKED_BACK = "asked_back"
OPTED_OUT, OPTED_IN = "opted_out", "opted_in"
OUTCOMES = (ANSWERED, FAILED, DECLINED, NOT_UNDERSTOOD, ASKED_BACK, OPTED_OUT, OPTED_IN)


class AnswerText(str):
    """An answer with an outcome. A plain string has the outcome ANSWERED."""

    outcome = ANSWERED

    def __new__(cls, text: str, outcome: str = ANSWERED) -> "AnswerText":
        """Return the text with this outcome, one of OUTCOMES."""
        answer = super().__new__(cls, text)
        answer.outcome = outcome
        return answer


def outcome_of(answer: str) -> str:
    """Return the outcome of an answer."""
    return answer.outcome if isinstance(answer, AnswerText) else ANSWERED
