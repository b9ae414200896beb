"""Jobs for the tests of the worker, well-behaved and not."""

import contextlib
import ctypes
import os
import re
import signal
import socket
import threading
import time
from typing import Any, NoReturn

from redis.exceptions import ConnectionError as StoreAway
from rq import get_current_job

MEETINGS: dict[int, threading.Barrier] = {}


def redis() -> Any:
    job = get_current_job()
    assert job is not None
    return job.connection


def note(word: str) -> str:
    """Append a word to the list `noted`."""
    redis().rpush("noted", word)
    return word


def meet(number: int) -> int:
    """Wait until this many jobs run at the same time in this process."""
    MEETINGS.setdefault(number, threading.Barrier(number)).wait(timeout=60)
    return number


def wait_for(key: str) -> str:
    """Append the process id to the list `started`, and wait until the key exists, even while Redis is down."""
    redis().rpush("started", f"{os.getpid()}")
    while not is_set(key):
        time.sleep(0.05)
    return key


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def is_set(key: str) -> bool:
    with contextlib.suppress(StoreAway):
        return bool(redis().exists(key))
    return False


def spin() -> NoReturn:
    while True:
        pass


def spin_and_catch_everything() -> NoReturn:
    while True:
        try:
            while True:
                pass
        except Exception:
            continue


def hang_on_a_socket() -> bytes:
    ours, _theirs = socket.socketpair()
    redis().rpush("started", f"{os.getpid()}")
    return ours.recv(1)


def hold_the_gil() -> Any:
    """A regular expression that holds the GIL practically forever."""
    redis().rpush("started", f"{os.getpid()}")
    return re.match(r"(a+)+$", "a" * 60 + "b")


def crash() -> Any:
    redis().rpush("started", f"{os.getpid()}")
    time.sleep(0.2)
    return ctypes.string_at(0)


def kill_own_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> NoReturn:
    raise ValueError("as asked")


def fail_once() -> str:
    if redis().incr("tried") == 1:
        raise ValueError("the first time")
    return "done"


def on_success(job: Any, connection: Any, result: Any) -> None:
    connection.rpush("told", f"success {result}")


def on_failure(job: Any, connection: Any, kind: type[Exception], error: Exception, trace: Any) -> None:
    connection.rpush("told", f"failure {kind.__name__}")


def on_stopped(job: Any, connection: Any) -> None:
    connection.rpush("told", "stopped")
