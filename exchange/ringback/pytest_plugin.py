"""The pytest plugin: see docs/pytest.md. Only tests that use the `ringback` fixture import the rest of Ringback."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ringback.testing.fixture import Ringback
    from ringback.testing.launch import Launch, Launches

# Variables that are meant for child processes and would interfere with this one.
OF_CHILD_PROCESSES = {"PYTHONPATH", "NODE_OPTIONS"}
RINGBACK = pytest.StashKey["Ringback"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("ringback_options", "options for `ringback run`, such as: --voice /calls -- npm start", type="args")
    parser.addini("ringback_timeout", "how long phones wait, in seconds (10)", default="10")


@pytest.fixture
def ringback_app() -> Any:
    """The app: a command (a string, or a list of arguments), or a WSGI or ASGI app. Override this fixture.

    None, the default, means that the options contain the command."""
    return None


@pytest.fixture
def ringback_options(pytestconfig: pytest.Config) -> list[str]:
    """The options of `ringback run`. Override this fixture, or set them in pytest's configuration."""
    return list(pytestconfig.getini("ringback_options"))


@pytest.fixture(scope="session")
def _ringback_launches() -> Iterator[Launches]:
    from ringback.service.garbage_collection import without_garbage_collection

    with without_garbage_collection():
        from ringback.testing.launch import Launches

    launches = Launches()
    yield launches
    launches.close()


@pytest.fixture
def ringback(request: pytest.FixtureRequest, ringback_options: list[str]) -> Iterator[Ringback]:
    """Ringback in its initial state, with the app running."""
    from ringback.launcher.command_line_options import UsageError
    from ringback.testing.fixture import Ringback

    launches: Launches = request.getfixturevalue("_ringback_launches")
    limit_seconds = _timeout_seconds(request.config.getini("ringback_timeout"))
    with ExitStack() as stack:
        try:
            launch = launches.get(ringback_options)
            environment = stack.enter_context(pytest.MonkeyPatch.context())
            _set_variables(environment, launch)
            app = request.getfixturevalue("ringback_app")
            if callable(app):
                launch.stop_app()
                _serve(app, launches.app_port, stack)
            else:
                environment.undo()
                launch.run_app(_command(app) or launches.command(ringback_options))
        except UsageError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        request.node.stash[RINGBACK] = Ringback(launch.origin, limit_seconds)
        yield request.node.stash[RINGBACK]


def _timeout_seconds(setting: str) -> float:
    try:
        return float(setting)
    except ValueError:
        message = f"ringback_timeout must be a number of seconds, such as 10, not {setting!r}"
        raise pytest.fail.Exception(message, pytrace=False) from None


def _command(app: str | list[str] | None) -> list[str]:
    return shlex.split(app) if isinstance(app, str) else list(app or [])


def _set_variables(environment: pytest.MonkeyPatch, launch: Launch) -> None:
    """Let an app in this process reach Ringback instead of Twilio."""
    from ringback.launcher.app_environment import REGION_VARIABLES

    for name in REGION_VARIABLES:
        environment.delenv(name, raising=False)
    for name in launch.changed_variables - OF_CHILD_PROCESSES:
        environment.setenv(name, launch.variables[name])


def _serve(app: Any, port: int, stack: ExitStack) -> None:
    """Serve a WSGI or ASGI app until the stack is closed."""
    from ringback.testing import asgi_server, wsgi_server

    is_asgi = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)
    stack.enter_context(asgi_server.serving(app, port) if is_asgi else wsgi_server.serving(app, port))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fails a test that has caused an unexpected alert."""
    result = yield
    if ringback := item.stash.get(RINGBACK, None):
        try:
            ringback.check_alerts()
        except AssertionError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds Ringback's description of what happened to the report of a failed test."""
    report = yield
    ringback = item.stash.get(RINGBACK, None)
    if ringback and report.when == "call" and report.failed:
        with suppress(OSError, AssertionError):
            report.sections.append(("Ringback", ringback.describe()))
    return report
