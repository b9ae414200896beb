"""A client of the presenter's pages."""

import re

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Presenter:
    """A client with an IP address of its own, logged in or not."""

    def __init__(self, app, address="198.51.100.1"):
        self.client = app.test_client()
        self.address = address

    def get(self, path):
        return self.client.get(path, environ_base={"REMOTE_ADDR": self.address})

    def post(self, path, **fields):
        """Post a form with the CSRF token of the login page or the dashboard."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/present/login").text or "") or re.search(
            r'name="csrf_token" value="([^"]+)"', self.get("/present").text
        )
        form = {"csrf_token": token[1]} | fields
        return self.client.post(path, data=form, environ_base={"REMOTE_ADDR": self.address})

    def tries(self, password):
        return self.post("/present/login", password=password)

    def is_in(self):
        return self.get("/present").status_code == 200
