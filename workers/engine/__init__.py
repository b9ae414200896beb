"""An RQ worker that runs many jobs in one process, under a supervisor. It knows nothing about what the jobs do."""
