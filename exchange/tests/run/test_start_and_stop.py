"""The command and the exchange start and stop together, and a failed start is explained."""

import asyncio
import os
import signal
import socket
import sys

import pytest

from ringback.launcher import app_ports, app_process
from ringback.launcher.command_line_options import UsageError, parser
from ringback.launcher.run import run
from ringback.testing.ports import reserved_port
from ringback.testing.waiting import LIMIT_SECONDS, eventually
from support.processes import has_ended

LISTENS = "import http.server as h, os; h.HTTPServer(('127.0.0.1', int(os.environ['PORT'])), None).serve_forever()"
STARTS_A_CHILD = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "print('born', flush=True); import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600 if "--stay" in sys.argv else 0)
"""


def test_ready_is_printed_once_the_app_listens(start):
    port = reserved_port()
    running = start(sys.executable, "-c", LISTENS, PORT=str(port))
    assert f"calls to +441632960000 go to http://127.0.0.1:{port}" in running.line(
        "ready: the phones are at http://127.0.0.1:"
    )


def test_exit_status_is_that_of_the_command(outcome):
    status, printed = outcome(sys.executable, "-c", "raise SystemExit(3)")
    assert status == 3
    assert "the command exited before the app started listening" in printed


def test_killed_command_gives_the_exit_status_of_a_shell(outcome):
    status, _ = outcome("sh", "-c", "kill -9 $$")
    assert status == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_stopping_the_exchange_stops_the_app_and_its_children(start, number):
    running = start(sys.executable, "-c", STARTS_A_CHILD, "--stay")
    child = int(running.line("child").split()[1])
    assert running.ends(number) == 0
    eventually(lambda: has_ended(child))


def test_child_processes_that_outlive_the_app_are_stopped(outcome):
    status, printed = outcome(sys.executable, "-c", STARTS_A_CHILD)
    assert status == 0
    eventually(lambda: has_ended(int(printed.split()[1])))


def test_no_temporary_files_remain(outcome, tmp_path):
    status, printed = outcome("sh", "-c", "ls $TMPDIR; python3 -c pass; node -e 0; ls -a $HOME", HOME=str(tmp_path))
    assert status in (0, 127)
    assert printed.count("exchange-") == 2
    assert list(tmp_path.iterdir()) == []


def test_unknown_command_is_named(start):
    running = start("no-such-command")
    assert running.ends() == 2
    assert running.lines == ["ringback: The command 'no-such-command' was not found: check its name and PATH"]


def test_command_that_is_not_executable_is_named(outcome, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(UsageError, match=f"{broken} cannot be started: No such file or directory"):
        outcome(str(broken))


def test_options_of_the_command_are_passed_on(outcome):
    status, printed = outcome("echo", "given", "--port", "1", "--", "-h")
    assert (status, printed) == (0, "given --port 1 -- -h\n")


def test_error_says_that_the_port_of_the_exchange_is_in_use(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = start("echo", options=(f"--port={port}",))
        assert running.ends() == 2
    assert running.lines == [
        f"ringback: Port {port} is in use: choose another port for the exchange with --port (0 chooses any free port)"
    ]


def test_error_says_that_the_port_of_the_app_is_in_use(outcome):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = f"Another process is listening at http://127.0.0.1:{port}: stop it, or choose another port"
        with pytest.raises(UsageError, match=sentence):
            outcome("echo", PORT=str(port))


def test_error_says_that_the_app_does_not_start(monkeypatch, capfd):
    monkeypatch.setattr(app_ports, "LISTEN_WARNING_SECONDS", 0.2)
    listens_elsewhere = "import os; os.environ['PORT'] = '0'; " + LISTENS
    app = f"http://127.0.0.1:{reserved_port()}"
    asked = parser().parse_args(["run", "--port=0", f"--app={app}", "--", sys.executable, "-c", listens_elsewhere])

    async def until_it_is_said():
        running = asyncio.ensure_future(run(asked, os.environ))
        said = ""
        async with asyncio.timeout(LIMIT_SECONDS):
            while "is not listening" not in said:
                assert not running.done()
                await asyncio.sleep(0.02)
                said += capfd.readouterr().out
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return said

    assert f"ringback: the app is not listening at {app} yet: start it there" in asyncio.run(until_it_is_said())


def test_app_can_finish_its_shutdown(start):
    polite = "import os, signal, time; signal.signal(15, lambda *_: (os.write(1, b'goodbye\\n'), os._exit(0)));"
    running = start(sys.executable, "-c", polite + "print('up', flush=True); time.sleep(600)")
    running.line("up")
    running.ends(signal.SIGINT)
    assert "goodbye" in running.lines


STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


def stop_it(capfd, stop):
    """Start an app that ignores SIGTERM, and stop it with the given signals."""

    async def stopping():
        app = [sys.executable, "-c", STUBBORN]
        running = asyncio.ensure_future(app_process.run_command(app, dict(os.environ), lambda _: asyncio.sleep(600)))
        async with asyncio.timeout(LIMIT_SECONDS):
            while "up" not in capfd.readouterr().out:
                await asyncio.sleep(0.02)
        await stop(running)
        await asyncio.wait([running], timeout=LIMIT_SECONDS)
        assert running.cancelled()

    asyncio.run(stopping())


def test_app_that_ignores_sigterm_is_killed(monkeypatch, capfd):
    monkeypatch.setattr(app_process, "SHUTDOWN_SECONDS", 0.2)

    async def once(running):
        running.cancel()

    stop_it(capfd, once)


def test_second_signal_kills_the_app_at_once(monkeypatch, capfd):
    monkeypatch.setattr(app_process, "SHUTDOWN_SECONDS", 600)

    async def twice(running):
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()

    stop_it(capfd, twice)
