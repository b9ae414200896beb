"""The web server's side of the app: gunicorn's worker, and rules that hold for every request."""
