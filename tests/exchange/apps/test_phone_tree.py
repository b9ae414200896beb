"""A caller finds the way through a phone tree."""

from tests.exchange.apps import phone_tree

create = phone_tree.create

WELCOME = ["Press 1 for our hours, 2 for a desk."] * 2
DESKS = "Press 2 for lost property, 3 for tickets, star to go back."


def test_a_caller_asks_for_the_hours(ada):
    ada.dials()
    ada.presses("1")
    ada.hears(*WELCOME, "We are open from nine to five.")
    ada.is_left_with("completed")


def test_a_wrong_key_leads_back_to_the_menu(ada):
    ada.dials()
    ada.presses("9")
    ada.presses("1")
    ada.hears(*WELCOME, "Sorry, there is no such choice.", *WELCOME, "We are open from nine to five.")


def test_a_star_leads_up_again(ada):
    ada.dials()
    ada.presses("2")
    ada.presses("*")
    ada.presses("1")
    ada.hears(*WELCOME, DESKS, *WELCOME, "We are open from nine to five.")


def test_who_says_nothing_is_asked_once_more_and_dismissed(exchange, ada):
    ada.dials()
    ada.has_the_floor("gather")
    exchange.time_passes(3)
    ada.hears(*WELCOME, *WELCOME)
    ada.has_the_floor("gather")
    exchange.time_passes(3)
    ada.hears(*WELCOME, *WELCOME, "Goodbye.")
    ada.is_left_with("completed")


def test_a_caller_is_put_through_to_a_desk_whose_number_was_written_without_its_plus(ada, ben):
    ada.dials()
    ada.presses("2")
    ada.presses("2")
    ben.answers()
    ben.speaks("Lost property, hello?")
    ada.speaks("I have lost my umbrella.")
    ben.hears("I have lost my umbrella.")
    ben.hangs_up()
    ada.hears(*WELCOME, DESKS, "Lost property, hello?", "That was all.")


def test_nobody_is_at_the_desk(exchange, ada, cyd):
    cyd.behaves("never-answers")
    ada.dials()
    ada.presses("2")
    ada.presses("3")
    cyd.is_called()
    exchange.time_passes(11)
    ada.hears(*WELCOME, DESKS, "That was all.")
