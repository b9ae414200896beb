"""TwiML documents."""


def say(*words: str) -> str:
    """A document that says these sentences."""
    return "<Response>" + "".join(f"<Say>{word}</Say>" for word in words) + "</Response>"
