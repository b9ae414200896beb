"""The example in docs/pytest.md is run as a reader would run it."""

import re

from support.processes import PROJECT

DOCUMENT = (PROJECT / "docs/pytest.md").read_text()


def test_example_passes(pytester):
    for name, content in re.findall(r"```python\n# (\S+)\n(.*?)```", DOCUMENT, re.DOTALL):
        (pytester.path / name).write_text(content)
    result = pytester.runpytest_inprocess("-p", "ringback.pytest_plugin", "-oringback_timeout=30")
    result.assert_outcomes(passed=3)


def test_settings_exist(pytestconfig):
    for name in re.findall(r"^(ringback_\w+) = ", DOCUMENT, re.MULTILINE):
        pytestconfig.getini(name)
