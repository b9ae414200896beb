"""Sound: formats, recordings and transcriptions."""
