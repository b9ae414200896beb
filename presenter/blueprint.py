"""The blueprint of the presenter's pages and of the health checks."""

from stage.blueprint import page_blueprint

bp = page_blueprint("presenter", __name__)
