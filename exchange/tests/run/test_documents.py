"""The examples in docs/jest.md and docs/github-actions.md are run or parsed."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from ringback.launcher.command_line_options import parser
from ringback.testing.ports import reserved_port
from ringback.testing.waiting import LIMIT_SECONDS
from support.processes import PROJECT, needs

JEST, ACTIONS = ((PROJECT / f"docs/{name}.md").read_text() for name in ("jest", "github-actions"))
WORKFLOWS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", ACTIONS, re.DOTALL)]


def test_javascript_example_passes(tmp_path):
    needs(shutil.which("node"), "nodejs")
    for name, content in re.findall(r"```javascript\n// (\S+)\n(.*?)```", JEST, re.DOTALL):
        (tmp_path / name).write_text(content)
    program = tmp_path / "ringback"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ringback "$@"\n')
    program.chmod(0o755)
    own = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PORT": str(reserved_port()), "RINGBACK_TIMEOUT_MS": "60000"}
    done = subprocess.run(
        ["node", "--test"], cwd=tmp_path, env=os.environ | own, capture_output=True, text=True, timeout=LIMIT_SECONDS
    )
    assert done.returncode == 0 and "# pass 3" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: next(iter(workflow["jobs"])))
def test_workflow_is_complete(workflow):
    assert workflow[True] == ["push", "pull_request"]  # YAML 1.1 reads the key `on` as true; GitHub does not
    for job in workflow["jobs"].values():
        assert job["runs-on"] and job["timeout-minutes"]
        assert all(len({"uses", "run"} & step.keys()) == 1 for step in job["steps"])
        assert any("install" in step.get("run", "") and "ringback" in step["run"] for step in job["steps"])


def test_command_in_the_workflow_is_valid():
    steps = [
        step.get("run", "") for workflow in WORKFLOWS for job in workflow["jobs"].values() for step in job["steps"]
    ]
    (command,) = (step for step in steps if step.startswith("ringback "))
    options = parser().parse_args(shlex.split(command.partition(">")[0])[1:])
    assert (options.do, options.port, options.command) == ("run", 8001, ["npm", "start"])
