"""The blueprint for the presenter pages and the health checks."""

from security_headers import create_page_blueprint

bp = create_page_blueprint("presenter", __name__)
