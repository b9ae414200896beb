"""Headers that every response of the app has, whether page, TwiML, file or error."""

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
def test_every_response_forbids_content_sniffing(app, method, path, status):
    app.add_url_rule("/breaks", view_func=breaks)
    answer = app.test_client().open(path, method=method, buffered=True)
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
