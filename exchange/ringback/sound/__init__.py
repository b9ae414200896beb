"""Audio: formats, recordings and transcriptions."""
