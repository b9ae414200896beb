"""The web server of the exchange: the pages, the handset API and the developer API."""
