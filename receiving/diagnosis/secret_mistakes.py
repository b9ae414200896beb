"""Possible mistakes in the secret, such as quotation marks around it: each with the secrets that would be valid."""

from collections.abc import Callable, Iterator, Mapping

from config import Secret, Secrets
from receiving.diagnosis.mistakes import Mistake

# The explanation, the fix, and a function from our secret to the valid one; {} is the name of our setting.
SECRET_CHANGES: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("our setting has quotation marks around the secret", "Remove them from {}.", lambda secret: secret.strip("\"'")),
    (
        "the sender's secret ends with a line break",
        "Re-enter it there without the line break.",
        lambda secret: secret + "\n",
    ),
    (
        "the sender's secret lacks the prefix that ours has",
        "Re-enter the secret there exactly as in {}.",
        lambda secret: secret.partition("_")[2] or secret,
    ),
)


def other_secrets(
    ours: Secrets, setting: str, name: str, all_secrets: Mapping[str, Secrets]
) -> Iterator[tuple[Mistake, Secrets]]:
    """Yield the likely mistakes in a secret, each with the secrets that would be valid.

    `ours` are our secrets for the sender `name`, from this setting; `all_secrets` contains each provider's secrets.
    """
    for other, theirs in all_secrets.items():
        if other != name:
            fix = f"Compare {setting} with the sender's secret: two secrets have been swapped."
            yield Mistake("other secret", f"it was signed with the secret of {other}", fix), theirs
    for explanation, fix, change in SECRET_CHANGES:
        changed = tuple(Secret(change(secret)) for secret in ours)
        if changed != ours:
            yield Mistake("other secret", explanation, fix.format(setting)), changed
