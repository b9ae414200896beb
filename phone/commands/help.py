"""Help: what this number can do."""

from phone.commands import command, read_all


@command("help", key="0", other_names=("info", "menu", "?", "hello", "hi", "hey"))
def list_commands(words: str) -> str:
    """what you can ask for"""
    rows = [f"{row.usage}: {row.about}" for row in read_all().values() if row.name != "help"]
    return "Text me one of these.\n" + "\n".join(rows) + "\nText STOP and I never text you again."
