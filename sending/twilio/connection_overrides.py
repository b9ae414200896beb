"""The fragment of every URL that we give to Twilio: it makes Twilio retry requests during a restart or a failover."""

# Twilio retries a request up to five times if it cannot connect or gets a 5xx, within 15 seconds in total. This works
# in REST parameters and in TwiML: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
CONNECTION_OVERRIDES = "#rc=5&rp=ct,5xx"
