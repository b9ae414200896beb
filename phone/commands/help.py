"""Help: what this number can do."""

from phone.commands import command, load_commands


@command("help", key="0", aliases=("info", "menu", "?", "hello", "hi", "hey"))
def list_commands(words: str) -> str:
    """what you can ask for"""
    rows = [f"{row.usage}: {row.about}" for row in load_commands().values() if row.name != "help"]
    return "Text me one of these.\n" + "\n".join(rows) + "\nText STOP and I never text you again."
