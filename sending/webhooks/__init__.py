"""The webhooks that we send, by Standard Webhooks: endpoints, queue, attempts, retries, signatures."""
