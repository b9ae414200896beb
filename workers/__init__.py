"""Chapter 3: slow work."""
