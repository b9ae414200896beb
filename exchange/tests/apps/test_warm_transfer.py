"""Ada has a question that Ben cannot answer, but Cyd can."""

from apps import warm_transfer
from ringback.testing.waiting import eventually

create = warm_transfer.create


EVERYTHING = sorted(
    [
        ("participant-join", "customer"),
        ("participant-join", "agent"),
        ("conference-start", ""),
        ("participant-join", "expert"),
        ("participant-leave", "agent"),
        ("participant-leave", "expert"),
        ("participant-leave", "customer"),
        ("conference-end", ""),
    ]
)


def heard_in_the_room(person):
    return person.heard("Voice")


def hears_in_the_room(person, *words):
    eventually(lambda: heard_in_the_room(person) == list(words), lambda: f"{words}, not {person.call()['heard']}")


def test_ada_is_transferred_without_being_disconnected(app, ada, ben, cyd):
    ada.dials()
    ada.hears("One moment.")
    ben.answers()
    ben.listens_for("talk")
    ada.speaks("Why is the sky blue?")
    hears_in_the_room(ben, "Why is the sky blue?")

    ben.texts("expert please")
    ben.gets("The expert is being called.")
    cyd.answers()
    cyd.listens_for("talk")
    ben.speaks("Cyd, why is the sky blue?")
    hears_in_the_room(cyd, "Cyd, why is the sky blue?")
    ben.hangs_up()

    cyd.speaks("Air scatters blue light most.")
    hears_in_the_room(ada, "Cyd, why is the sky blue?", "Air scatters blue light most.")
    cyd.hangs_up()
    ada.hears("One moment.", *heard_in_the_room(ada), "Goodbye.")
    ada.is_left_with("completed")

    told = app.flask.config["EVENTS"]
    eventually(lambda: sorted(told) == EVERYTHING, lambda: str(told))


def test_conference_starts_only_with_ben(exchange, ada, ben):
    ada.dials()
    ada.hears("One moment.")
    ben.is_called()
    assert exchange.client().conferences.list(status="init")
    ben.answers()
    eventually(lambda: exchange.client().conferences.list(status="in-progress"))


def test_ben_is_disconnected_when_ada_hangs_up(ada, ben):
    ada.dials()
    ben.answers()
    ben.listens_for("talk")
    ada.hangs_up()
    ben.hears("Goodbye.")
    ben.is_left_with("completed")


def test_ada_keeps_waiting_if_ben_is_busy(ada, ben):
    ben.behaves("busy")
    ada.dials()
    ben.is_called()
    ada.hears("One moment.")
    assert ada.call()["status"] == "in-progress"
