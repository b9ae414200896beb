"""What the demo says about processes that exit."""

import pytest

from scripts.supervision.crashes import SHOWN_LINES, CrashReports

EXITED = "2026-11-26 12:00:00,000 WARN exited: web-0 (exit status 3; not expected)\n"
RUNNING = "2026-11-26 12:00:01,000 INFO success: web-0 entered RUNNING state, process has stayed up\n"
WORKER_ENDED = "worker: host-1 ended (1)\n"


def add(folder, name, *lines):
    with (folder / name).open("a") as log:
        log.writelines(lines)


@pytest.fixture
def reports(tmp_path):
    add(tmp_path, "supervisord.log", EXITED, EXITED, EXITED)  # by an earlier demo
    add(
        tmp_path,
        "web.log",
        *(f"line {number}\n" for number in range(SHOWN_LINES + 5)),
        "ModuleNotFoundError: nonsense\n",
    )
    return CrashReports(tmp_path)


def test_exit_and_restart_are_news(reports, tmp_path):
    assert reports.read_news() == []
    add(tmp_path, "supervisord.log", EXITED, RUNNING)
    assert [line.partition(" (")[0].partition(",")[0] for line in reports.read_news()] == [
        "exited: web-0",
        "success: web-0 entered RUNNING state",
    ]
    assert reports.read_news() == []


def test_first_start_is_no_news(reports, tmp_path):
    add(tmp_path, "supervisord.log", RUNNING)
    assert reports.read_news() == []


def test_process_that_keeps_crashing_is_shown_once_with_the_end_of_its_log(reports, tmp_path):
    add(tmp_path, "supervisord.log", EXITED, EXITED, EXITED)
    news = "\n".join(reports.read_news())
    assert "web keeps crashing. The end of" in news
    assert news.endswith("ModuleNotFoundError: nonsense")
    assert "line 3\n" not in news
    add(tmp_path, "supervisord.log", EXITED, RUNNING)
    assert reports.read_news() == []


def test_worker_process_that_only_its_own_supervisor_restarts_is_reported(reports, tmp_path):
    add(tmp_path, "worker.log", "SyntaxError: invalid\n", WORKER_ENDED)
    assert reports.read_crashes() == ""
    add(tmp_path, "worker.log", "SyntaxError: invalid\n", WORKER_ENDED)
    assert "worker keeps crashing" in reports.read_crashes()


def test_incomplete_line_is_read_once_it_is_complete(reports, tmp_path):
    add(tmp_path, "supervisord.log", EXITED[:60])
    assert reports.read_news() == []
    add(tmp_path, "supervisord.log", EXITED[60:])
    assert len(reports.read_news()) == 1
