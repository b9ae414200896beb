"""gunicorn.conf.py with other limits, from the environment, so that tests reach them quickly."""

import os
from pathlib import Path

from web import gunicorn_worker

exec(Path("gunicorn.conf.py").read_text())

gunicorn_worker.REQUEST_TIMEOUT_SECONDS = float(
    os.environ.get("TEST_REQUEST_TIMEOUT", gunicorn_worker.REQUEST_TIMEOUT_SECONDS)
)
worker_connections = int(os.environ.get("TEST_WORKER_CONNECTIONS", worker_connections))  # noqa: F821
