"""The API for webhook endpoints, its OpenAPI description, and the event catalogue."""
