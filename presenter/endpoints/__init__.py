"""The presenter's pages for webhook endpoints."""
