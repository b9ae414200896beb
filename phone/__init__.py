"""Chapter 4: what the number does."""
