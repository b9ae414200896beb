"""The Procfile's worker, `python -m workers`: supervises the process that runs the jobs.

The supervisor imports nothing else from the app, so that no error in the app can end it.
"""

import sys

from workers.engine.supervisor import supervise

if __name__ == "__main__":
    sys.exit(supervise([sys.executable, "-m", "worker"]))
