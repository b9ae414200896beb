"""The exchange's web server: the pages, the handset API and the developer API."""
