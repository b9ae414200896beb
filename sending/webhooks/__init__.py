"""The webhooks that we send, following Standard Webhooks: endpoints, queue, attempts, retries, signatures."""
