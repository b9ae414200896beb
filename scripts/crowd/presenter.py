"""The presenter of a rehearsal, through the same pages as a person."""

import re
from typing import Any

import requests

TIMEOUT_SECONDS = 10


class RehearsalPresenter:
    """A logged-in browser. Raises requests.RequestException if the app does not respond."""

    def __init__(self, app: str, password: str) -> None:
        self.app, self.http = app, requests.Session()
        page = self._get("/present/login").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {"password": password, "csrf_token": token[1] if token else ""}
        self.http.post(f"{app}/present/login", form, timeout=TIMEOUT_SECONDS).raise_for_status()

    def state(self) -> dict[str, Any]:
        """Return the state of the talk."""
        found: dict[str, Any] = self._get("/present/talk").json()
        return found

    def do(self, do: str, /, **fields: str) -> dict[str, Any]:
        """Perform an action with these form fields, and return the new state."""
        data = {"token": self.state()["token"], "do": do, **fields}
        headers = {"Accept": "application/json"}
        response = self.http.post(f"{self.app}/present/talk", data, headers=headers, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def go_to_first(self, kind: str) -> dict[str, Any]:
        """Go to the first scene of this kind. Raises LookupError if the talk has none."""
        state, seen = self.do("go", scene="1"), 0
        while state["kind"] != kind:
            if state["scene"] == seen:
                raise LookupError(f"The talk has no scene of the kind {kind}.")
            seen, state = state["scene"], self.do("next")
        return state

    def _get(self, path: str) -> requests.Response:
        response = self.http.get(f"{self.app}{path}", headers={"Accept": "application/json"}, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        return response
