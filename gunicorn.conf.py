"""The web server's settings: https://docs.gunicorn.org/en/stable/settings.html."""

import os

import logs

logs.set_up()
bind = f"0.0.0.0:{os.environ.get('PORT') or '8000'}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Greenlets, because an event stream stays open for hours and would otherwise occupy a thread.
worker_class = "web.gunicorn_worker.WebWorker"
worker_connections = 1_000
# Seconds. Twilio waits at most 15 s: https://www.twilio.com/docs/api/errors/11205
timeout = 30
# Seconds allowed for running requests to finish during a restart. Heroku kills the process after 30.
graceful_timeout = 10
# Seconds. Heroku's router reuses a connection for up to 90, and must not send a request on one that we are closing:
# https://devcenter.heroku.com/articles/http-routing#keepalives
keepalive = 95
# Bytes. A signed GET has about thirty parameters in its URL.
limit_request_line = 8_190
limit_request_fields = 64
limit_request_field_size = 4_096
# Only signals from its supervisor control the process.
control_socket_disable = True
# gunicorn trusts no proxy's headers; web/https.py does, according to TRUSTED_PROXIES.
forwarded_allow_ips = ""
forwarder_headers = ""
# No access log: it would contain phone numbers, and the inbox stores every webhook anyway.
errorlog = "-"


def on_starting(server):
    """Limit how many lines clients can make gunicorn log."""
    for handler in server.log.error_log.handlers:
        handler.addFilter(logs.LineLimit())


def post_worker_init(worker):
    """Register with the store, so that workers leave connections for the first requests.

    Also let event streams see that their process is shutting down, so that they close and do not delay the shutdown.
    The benchmarks serve other Flask apps with these settings; these apps have neither store nor event streams.
    """
    from store import clients  # not before gevent has patched what it imports

    if store := worker.wsgi.extensions.get("redis"):
        clients.pool_of(store).start_heartbeat()
    worker.wsgi.extensions["is_serving"] = lambda: worker.alive
