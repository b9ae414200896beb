"""The usual mistakes with secrets: another's, or ours as it should not be written."""

from collections.abc import Callable, Iterator, Mapping

from config import Secret, Secrets
from receiving.diagnosis.mistakes import Mistake

SECRET_CHANGES: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("our setting has quotation marks around the secret", "Take them off {}.", lambda text: text.strip("\"'")),
    (
        "the sender's secret ends with a line break, ours does not",
        "Set it there anew, without.",
        lambda text: text + "\n",
    ),
    (
        "the sender's secret lacks its prefix, ours has it",
        "Set it there anew, as it stands in {}.",
        lambda text: text.partition("_")[2] or text,
    ),
)


def other_secrets(
    ours: Secrets, setting: str, name: str, everybodys: Mapping[str, Secrets]
) -> Iterator[tuple[Mistake, Secrets]]:
    """Each usual mistake, and the secrets that would have been good; `setting` holds ours, `name` is whose they are."""
    for other, theirs in everybodys.items():
        if other != name:
            words = f"it was signed with the secret of {other}"
            yield (
                Mistake("other secret", words, f"Compare {setting} with what the sender has: two were swapped."),
                theirs,
            )
    for words, mend, change in SECRET_CHANGES:
        changed = tuple(Secret(change(secret)) for secret in ours)
        if changed != ours:
            yield Mistake("other secret", words, mend.format(setting)), changed
