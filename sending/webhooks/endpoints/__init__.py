"""Webhook endpoints: their records and options, keys and credentials, cookies and event filters."""
