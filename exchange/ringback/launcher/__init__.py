"""`run`: the exchange together with an app that believes it talks to Twilio."""
