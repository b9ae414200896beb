"""The server side of the app: gunicorn's worker, and the rules that apply to every request."""
