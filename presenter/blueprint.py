"""The blueprint of the presenter's pages and of the health checks."""

from stage.blueprint import create_page_blueprint

bp = create_page_blueprint("presenter", __name__)
