"""A deployment runs two releases side by side: everybody gets the answers, and both fit on the smallest store."""

import contextlib

from bench.smallest import MAX_CONNECTIONS_PER_SET, StoreObserver, measure_deployment
from tests.support.waiting import eventually


def test_a_deployment_while_people_ask_costs_nobody_an_answer_and_two_sets_hold_eighteen_connections():
    report = measure_deployment(people=30, viewers=10, asking_seconds=15, overlap_seconds=3)
    assert report.outcomes == {"right": 60}
    assert set(report.connections) == {"one set", "two sets", "one set, afterwards"}
    assert max(report.connections.values()) <= 2 * MAX_CONNECTIONS_PER_SET
    assert max(report.connections["one set"], report.connections["one set, afterwards"]) <= MAX_CONNECTIONS_PER_SET
    assert report.rejected_connections == 0


class StoreWithSlowReplies:
    """While it counts its connections for the first time, the next phase begins and opens another connection."""

    def __init__(self):
        self.observer, self.counts = None, [12, 9]

    @contextlib.contextmanager
    def client(self):
        assert eventually(lambda: self.observer)
        yield self

    def info(self, section):
        if section != "clients":
            return {"rejected_connections": 0, "used_memory_peak": 0}
        if self.counts == [12, 9]:
            self.observer.begin("two sets")
        return {"connected_clients": self.counts.pop(0) if self.counts else 1}


def test_connections_counted_while_a_phase_begins_belong_to_neither_phase():
    store = StoreWithSlowReplies()
    store.observer = StoreObserver(store)
    assert eventually(lambda: not store.counts)
    assert store.observer.stop() == {"one set": 0, "two sets": 8}
