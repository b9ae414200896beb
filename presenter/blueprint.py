"""The blueprint for the presenter pages and the health checks."""

from page_headers import create_page_blueprint

bp = create_page_blueprint("presenter", __name__)
