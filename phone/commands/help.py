"""The help command: the list of commands."""

from phone.commands import command, load_commands


@command("help", key="0", aliases=("info", "menu", "?", "hello", "hi", "hey"))
def list_commands(words: str) -> str:
    """a list of all commands"""
    rows = [f"{row.usage}: {row.help_text}" for row in load_commands().values() if row.name != "help"]
    return "Text me one of these:\n" + "\n".join(rows) + "\nText STOP to opt out."
