"""TwiML: parsed, checked, and run."""
