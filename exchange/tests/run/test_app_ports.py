"""An app that ignores PORT is found where it listens, or the fix is named."""

import asyncio
import os
import shutil
import sys

import pytest

from ringback.launcher import app_ports
from ringback.launcher.command_line_options import parser
from ringback.launcher.run import run
from ringback.testing.ports import reserved_port
from ringback.testing.waiting import LIMIT_SECONDS
from support.processes import needs

LISTENS = """
import socket, sys, time
held = [socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        for host, port in zip(sys.argv[1::2], sys.argv[2::2])]
time.sleep(600)
"""
IN_A_CHILD = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"


@pytest.fixture
def printed(capfd, monkeypatch):
    """Runs an app that listens at these hosts and ports until these words are printed. Returns all that is."""
    monkeypatch.setattr(app_ports, "SEARCH_SECONDS", 0.05)
    monkeypatch.setattr(app_ports, "SETTLE_SECONDS", 0.1)

    def until(words, *listening, options=(), before=()):
        told = {"PATH": os.environ["PATH"], "PORT": str(reserved_port())}
        command = [sys.executable, *before, "-c", LISTENS, *map(str, listening)]
        return asyncio.run(
            _until(words, parser().parse_args(["run", "--port=0", *options, "--", *command]), told, capfd)
        )

    return until


async def _until(words, options, environment, capfd):
    running = asyncio.ensure_future(run(options, environment))
    said = ""
    async with asyncio.timeout(LIMIT_SECONDS):
        while words not in said:
            assert not running.done(), running.result()
            await asyncio.sleep(0.02)
            said += capfd.readouterr().out
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return said


@pytest.mark.parametrize("before", [(), ("-c", IN_A_CHILD)], ids=["the command", "its child process"])
def test_calls_go_to_the_port_of_an_app_that_ignores_port(printed, before):
    port = reserved_port()
    said = printed("ready", "127.0.0.1", port, before=before)
    assert f"ringback: the app listens at http://127.0.0.1:{port}, not at http://127.0.0.1:" in said
    assert f"calls to +441632960000 go to http://127.0.0.1:{port}\n" in said


def test_app_that_listens_only_on_ipv6_is_found(printed):
    port = reserved_port()
    assert f"calls to +441632960000 go to http://[::1]:{port}\n" in printed("ready", "::1", port)


def test_app_with_several_ports_has_to_choose(printed):
    first, second = sorted((reserved_port(), reserved_port()))
    said = printed("choose", "127.0.0.1", first, "127.0.0.1", second)
    assert f"the app listens at http://127.0.0.1:{first} and http://127.0.0.1:{second}, not at" in said
    assert "choose one with --app" in said


def test_app_elsewhere_than_said_is_named(printed):
    port, other = reserved_port(), reserved_port()
    said = printed("set --app", "127.0.0.1", port, options=(f"--app=http://127.0.0.1:{other}",))
    assert (
        f"listens at http://127.0.0.1:{port}, not at http://127.0.0.1:{other}: set --app http://127.0.0.1:{port}"
        in said
    )


def test_lsof_finds_the_same_ports():
    needs(shutil.which("lsof"), "lsof, which lists the ports on macOS")

    async def both():
        port = reserved_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", LISTENS, "127.0.0.1", str(port), "127.0.0.1", "0", start_new_session=True
        )
        async with asyncio.timeout(LIMIT_SECONDS):
            while port not in app_ports.listening_ports(process.pid):
                await asyncio.sleep(0.02)
            by_proc = app_ports.listening_ports(process.pid)
            while len(by_proc) < 2:
                by_proc = app_ports.listening_ports(process.pid)
        by_lsof = app_ports._from_lsof(process.pid)
        process.kill()
        await process.wait()
        return by_proc, by_lsof

    by_proc, by_lsof = asyncio.run(both())
    assert by_proc == by_lsof
