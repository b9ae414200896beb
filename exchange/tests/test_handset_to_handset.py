"""One handset calls another, without the app."""


def dial(attributes="", inner="+441632960002", after="<Say>Nobody is there</Say>"):
    return f"<Response><Dial {attributes}>{inner}</Dial>{after}</Response>"


def test_handset_calls_another_without_the_app(exchange, ada, ben):
    ada.dials(to=ben.number)
    ben.answers()
    ada.speaks("Only you and me")
    ben.hears("Only you and me")
    ben.hangs_up()
    ada.is_left_with("completed")
    assert exchange.client().calls.list() == []


def test_unanswered_call_between_handsets_gives_the_reason(exchange, ada, ben):
    ben.behaves("busy")
    ada.dials(to=ben.number)
    ada.is_left_with("busy")
