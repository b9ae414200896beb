"""How the web process runs: https://docs.gunicorn.org/en/stable/settings.html."""

import logging
import os
import re

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Greenlets: an event stream waits for hours, and a webhook waits for the store. Threads would be one per viewer.
worker_class = "gevent"
worker_connections = 1_000
# Seconds. Twilio gives up after 15, so whatever takes longer is of use to nobody.
timeout = 30
# Seconds that requests have to finish in on a restart. Heroku kills after 30.
graceful_timeout = 10
# Twilio opens a connection for each webhook; a router in front keeps its own open.
keepalive = 75
# A signed GET carries about thirty parameters in its URL.
limit_request_line = 8_190
# Nobody steers it but its supervisor.
control_socket_disable = True
# No access log: the inbox keeps every webhook, and a log line would hold numbers.
errorlog = "-"


class Masked(logging.Filter):
    """Masks numbers in gunicorn's own lines, as masking.py does in ours."""

    def filter(self, record):
        record.msg, record.args = re.sub(r"\+\d{7,15}", "+•••", record.getMessage()), None
        return True


def on_starting(server):
    """Before the first line is logged."""
    for handler in server.log.error_log.handlers:
        handler.addFilter(Masked())


def post_worker_init(worker):
    """Event streams ask whether their process is to end, so that open screens do not hold it up."""
    worker.wsgi.extensions["is_serving"] = lambda: worker.alive
