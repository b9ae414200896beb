"""An app that replaces its environment, or that of its child processes, still reaches the exchange and nothing else."""

import shutil
import sys
from pathlib import Path

from support.processes import NODE, needs

HERE = Path(__file__).parent


def test_python_app_that_clears_its_environment(outcome):
    status, printed = outcome(sys.executable, str(HERE / "own_environment.py"))
    ways = ("library", str(HERE / "own_environment.py"), "subprocess", "inherited", "posix_spawn", "execv")
    assert (status, printed.split("\n")[:-1]) == (0, [f"{way} 200" for way in ways])


def test_node_app_that_replaces_its_environment(outcome):
    needs(shutil.which("node") and (NODE / "node_modules").is_dir(), "Node, and its packages by `make test`")
    status, printed = outcome("node", str(NODE / "own_environment.cjs"))
    ways = ("exec", "execFile", "execSync", "fetch", "spawnSync", "twilio-4", "twilio-6", "worker")
    assert (status, sorted(printed.split("\n")[:-1])) == (0, [f"{way} 200" for way in ways])
