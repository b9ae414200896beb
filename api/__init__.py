"""The endpoint API, its OpenAPI description and the event catalog."""
