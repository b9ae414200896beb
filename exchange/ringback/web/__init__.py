"""The exchange's web server: pages, and the JSON interfaces for phones and developers."""
