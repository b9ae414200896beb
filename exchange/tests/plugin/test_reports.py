"""What pytest reports when a test with Ringback fails, and that other tests are not affected."""

import subprocess
import sys

import pytest

APP = """
    import pytest

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<Response><Say>Welcome</Say></Response>" if environ["PATH_INFO"] == "/voice" else b"<Reply/>"]

    @pytest.fixture
    def ringback_app():
        return app
"""


@pytest.fixture
def run(pytester):
    """Runs tests in a project of their own, in this process. Returns the result."""

    def running(tests, **options):
        pytester.makeconftest(APP)
        pytester.makepyfile(tests)
        settings = [f"-o{name}={value}" for name, value in options.items()]
        return pytester.runpytest_inprocess("-p", "ringback.pytest_plugin", *settings)

    return running


def test_failure_lists_what_happened(run):
    result = run("def test(ringback): ringback.phone().calls().hears('Press 1')", ringback_timeout="0.5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*hears('Press 1')*",
            "E*AssertionError: *+447700900001 did not hear 'Press 1' before the call ended.",
            "*- Ringback -*",
            "Phone +447700900001",
            "*heard: Welcome",
            "Requests to the app:",
            "*POST /voice (voice) → 200 in *",
        ]
    )


def test_unexpected_alert_fails_the_test(run):
    result = run("def test(ringback): ringback.phone().texts('hi')")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Twilio would have reported:", "*12102*"])


def test_missing_app_is_explained(run):
    result = run(
        """
        import pytest
        @pytest.fixture
        def ringback_app(): return None
        def test(ringback): pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["Ringback does not know how to start the app. Override the fixture ringback_app,*"])


def test_timeout_that_is_not_a_number_is_explained(run):
    result = run("def test(ringback): pass", ringback_timeout="soon")
    result.stdout.fnmatch_lines(["ringback_timeout must be a number of seconds, such as 10, not 'soon'"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--vioce /calls", "*ringback_options: *--vioce*"),
        ("-- no-such-program", "*no-such-program*was not found*"),
        ("-- false", "The app (false) ended with exit status 1*"),
    ],
)
def test_wrong_options_are_explained(run, option, message):
    result = run(
        """
        import pytest
        @pytest.fixture
        def ringback_app(): return None
        def test(ringback): pass
        """,
        ringback_options=option,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_plugin_imports_nothing_for_tests_that_do_not_use_it():
    loaded = "import sys, ringback.pytest_plugin; print(*(name for name in sys.modules if name.startswith('ringback')))"
    printed = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["ringback", "ringback.pytest_plugin"]
