"""A token for the endpoint API, and a check of its errors."""

TOKEN = "a-token-for-these-tests"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
URL = "https://hear.example/hook"


def is_a_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert set(answer.json) == {"type", "status", "detail"}
    return True
