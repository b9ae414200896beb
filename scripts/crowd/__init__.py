"""A simulated audience for a rehearsal: `make crowd PEOPLE=500 SECONDS=60 SEED=1`."""
