"""Checks of the talk file."""

from collections.abc import Iterator

from presenter.preflight.findings import OK, WARN, Finding, Subject, check


@check
def check_talk(subject: Subject) -> Iterator[Finding]:
    """The app does not start with an invalid talk file, so what remains is what the presenter may have forgotten."""
    talk = subject.talk
    kinds = [scene.kind for scene in talk.scenes]
    yield Finding(OK, "talk", f"{talk.title}, {len(kinds)} scenes")
    if "number" not in kinds:
        yield Finding(WARN, "talk", "no scene shows the number in large type", 'Add [[scene]] kind = "number".')
    if "line" in kinds and not talk.presenter_phone:
        fix = "Set presenter_phone in the talk file."
        yield Finding(WARN, "talk", "there is a scene line, but no phone of the presenter", fix)
