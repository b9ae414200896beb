"""Small programs for whoever keeps this house; nothing here runs in the app."""
