"""What holds for every answer of the app: pages, documents, files, refusals and failures alike."""

import pytest

NO_TOKEN, NOT_SIGNED, NOT_THERE, WRONG_METHOD, WRONG_KIND, BROKEN = 401, 403, 404, 405, 415, 500


def breaks():
    raise ValueError("a mistake of ours")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/static/stage.css", 200),
        ("GET", "/health/live", 200),
        ("GET", "/nowhere", NOT_THERE),
        ("GET", "/api/endpoints", NO_TOKEN),
        ("POST", "/sms", NOT_SIGNED),
        ("POST", "/webhooks/stripe", WRONG_KIND),
        ("PUT", "/voice", WRONG_METHOD),
        ("GET", "/breaks", BROKEN),
    ],
)
def test_no_browser_guesses_what_an_answer_might_be(app, method, path, status):
    app.add_url_rule("/breaks", view_func=breaks)
    answer = app.test_client().open(path, method=method, buffered=True)
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
