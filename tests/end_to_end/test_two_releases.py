"""A deployment runs two releases side by side: everybody gets the answers, and both fit on the smallest store."""

from bench.smallest import MAX_CONNECTIONS_PER_SET, measure_deployment


def test_a_deployment_while_people_ask_costs_nobody_an_answer_and_two_sets_hold_eighteen_connections():
    report = measure_deployment(people=30, viewers=10, asking_seconds=15, overlap_seconds=3)
    assert report.outcomes == {"right": 60}
    assert set(report.connections) == {"one set", "two sets", "one set, afterwards"}
    assert max(report.connections.values()) <= 2 * MAX_CONNECTIONS_PER_SET
    assert max(report.connections["one set"], report.connections["one set, afterwards"]) <= MAX_CONNECTIONS_PER_SET
    assert report.rejected_connections == 0
