"""The keywords that Twilio and carriers act on when a text consists of nothing else."""

# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_KEYWORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
START_KEYWORDS = frozenset(("start", "yes", "unstop"))
HELP_KEYWORDS = frozenset(("help", "info"))
