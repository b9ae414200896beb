"""Programs that start or serve the project from a shell: the demo, the live number, the release step, samples."""
