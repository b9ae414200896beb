"""Tasks: the slow work of commands. A task takes the command's words and returns the answer. It may run twice."""

import functools

from rq import get_current_job

import events
from answer_outcomes import ANSWERED, FAILED, AnswerText
from sending.http.client import HttpClient
from sending.twilio.calls_and_media import MediaGone
from workers import pending_answers, site_check
from workers.answer_delivery import get_gateway
from workers.queues import Task
from workers.recording_waveform import measure, save


def task(function: Task) -> Task:
    """Decorator for tasks: records the start in the pending answer, and skips the task if the answer is settled."""

    @functools.wraps(function)
    def run(words: str) -> str:
        job = get_current_job()
        if job is not None:
            pending = pending_answers.load(job.connection, job.id)
            if pending is None or not pending_answers.start(job.connection, pending):
                return ""
        return function(words)

    return run


def lookup(function: Task) -> Task:
    """Decorator for tasks that wait for third-party servers: these have their own queue, which may fill up."""
    run = task(function)
    run.is_lookup = True  # type: ignore[attr-defined]
    return run


@lookup
def check(address: str) -> str:
    """Check a website: its status, response time and redirects, and when its certificate expires."""
    result = site_check.check_site(address, get_client())
    return AnswerText(site_check.summarize(result), ANSWERED if result.is_up else FAILED)


@functools.cache
def get_client() -> HttpClient:
    """Return this process's HTTP client, created on first use, because loading CA certificates is slow."""
    return HttpClient(allow_loopback=get_gateway().settings.allow_loopback)


@task
def measure_recording(recording_sid: str) -> str:
    """Measure the length and loudness of a recorded message, and publish them with its waveform for the stage."""
    pending = pending_answers.load_current()
    number = pending.phone_number if pending else ""
    try:
        sound = measure(get_gateway().download_recording(recording_sid, number))
    except MediaGone:
        return AnswerText("Twilio no longer stores the recording.", FAILED)
    if pending is not None:
        save(get_gateway().redis, recording_sid, sound)
        data = {"seconds": sound.seconds, "loudness": sound.loudness_dbfs, "peaks": list(sound.peaks)}
        events.publish(get_gateway().redis, "recording.ready", pending.subject, **data)
    return f"A message of {sound.seconds:.0f} seconds, {sound.loudness_label}."
