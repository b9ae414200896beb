"""How commands are registered."""

import pytest

from phone import commands
from phone.commands import command, find_by_key, load_commands
from phone.twiml.menus import spoken_menu


@pytest.fixture
def registered(monkeypatch):
    """The commands, which the test may add to."""
    monkeypatch.setattr(commands, "COMMANDS", dict(load_commands()))
    load_commands.cache_clear()
    yield commands.COMMANDS
    load_commands.cache_clear()


def answer(words: str) -> str:
    """a test"""
    return words


def test_command_without_a_key_is_only_spoken(registered):
    command("roll")(answer)
    assert find_by_key("") is None
    assert "Say roll, for a test." in spoken_menu()
    assert list(load_commands())[-1] == "roll"


def test_many_commands_need_no_key(registered):
    for number in range(20):
        command(f"name{number}")(answer)
    assert len(load_commands()) >= 20


@pytest.mark.parametrize("key", ["0", "9", "#", "*", "10", "x"])
def test_key_that_is_taken_or_not_a_digit_is_rejected_with_the_free_ones(registered, key):
    with pytest.raises(ValueError, match=f"The key [{key}]+ is not free. Free keys: 7. A command needs no key."):
        command("roll", key=key)(answer)


@pytest.mark.parametrize(("name", "aliases"), [("time", ()), ("coin", ()), ("roll", ("time",))])
def test_name_of_another_command_is_rejected(registered, name, aliases):
    with pytest.raises(ValueError, match="Another command is already called"):
        command(name, aliases=aliases)(answer)
