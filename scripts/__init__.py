"""Programs for the shell: the demo, the live number, the release step, samples, documents."""
