"""What is checked before a talk: each check says whether all is well, and otherwise how to fix it."""

from concurrent.futures import ThreadPoolExecutor

from presenter.preflight import account, deployment, store, talk_file
from presenter.preflight.findings import BAD, CHECKS, OK, WARN, Finding, Subject

__all__ = ["BAD", "OK", "WARN", "Finding", "Subject", "account", "deployment", "run", "store", "talk_file"]


def run(subject: Subject) -> list[Finding]:
    """Perform all checks at once, and return the findings in the order of registration."""
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        return [finding for findings in pool.map(lambda one: list(one(subject)), CHECKS) for finding in findings]
