"""A client of the presenter's pages."""

import re

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Presenter:
    """A client with an IP address of its own, logged in or not."""

    def __init__(self, app, address="198.51.100.1", base_url=None):
        self.client = app.test_client()
        self.address = address
        self.base_url = base_url  # https, if the app's cookies are Secure

    def get(self, path, **options):
        return self.client.get(path, environ_base={"REMOTE_ADDR": self.address}, base_url=self.base_url, **options)

    def post(self, path, **fields):
        """Post a form with the CSRF token of the login page or the console."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/present/login").text or "") or re.search(
            r'name="csrf_token" value="([^"]+)"', self.get("/present").text
        )
        form = {"csrf_token": token[1]} | fields
        address = {"REMOTE_ADDR": self.address}
        return self.client.post(path, data=form, environ_base=address, base_url=self.base_url)

    def tries(self, password):
        return self.post("/present/login", password=password)

    def is_in(self):
        return self.get("/present").status_code == 200
