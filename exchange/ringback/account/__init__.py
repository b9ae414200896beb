"""The account's resources: phone numbers, TwiML applications, API keys, Verify services and Lookup."""
