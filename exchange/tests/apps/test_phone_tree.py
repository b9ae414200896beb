"""A caller uses a phone tree."""

from apps import phone_tree

create = phone_tree.create

WELCOME = ["Press 1 for our hours, 2 for a desk."] * 2
DESKS = "Press 2 for lost property, 3 for tickets, star to go back."


def test_caller_asks_for_the_opening_hours(ada):
    ada.dials()
    ada.presses("1")
    ada.hears(*WELCOME, "We are open from nine to five.")
    ada.is_left_with("completed")


def test_wrong_key_returns_to_the_menu(ada):
    ada.dials()
    ada.presses("9")
    ada.presses("1")
    ada.hears(*WELCOME, "Sorry, there is no such choice.", *WELCOME, "We are open from nine to five.")


def test_star_returns_to_the_parent_menu(ada):
    ada.dials()
    ada.presses("2")
    ada.presses("*")
    ada.presses("1")
    ada.hears(*WELCOME, DESKS, *WELCOME, "We are open from nine to five.")


def test_silent_caller_is_asked_once_more_before_the_hang_up(exchange, ada):
    ada.dials()
    ada.has_the_floor("gather")
    exchange.time_passes(3)
    ada.hears(*WELCOME, *WELCOME)
    ada.has_the_floor("gather")
    exchange.time_passes(3)
    ada.hears(*WELCOME, *WELCOME, "Goodbye.")
    ada.is_left_with("completed")


def test_caller_is_connected_to_a_number_written_without_a_plus(ada, ben):
    ada.dials()
    ada.presses("2")
    ada.presses("2")
    ben.answers()
    ben.speaks("Lost property, hello?")
    ada.speaks("I have lost my umbrella.")
    ben.hears("I have lost my umbrella.")
    ben.hangs_up()
    ada.hears(*WELCOME, DESKS, "Lost property, hello?", "That was all.")


def test_document_continues_if_the_desk_does_not_answer(exchange, ada, cyd):
    cyd.behaves("never-answers")
    ada.dials()
    ada.presses("2")
    ada.presses("3")
    cyd.is_called()
    exchange.time_passes(11)
    ada.hears(*WELCOME, DESKS, "That was all.")
