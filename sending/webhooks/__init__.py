"""Our own webhooks, by Standard Webhooks: endpoints, queue, attempts, retries, signatures."""
