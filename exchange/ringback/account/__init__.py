"""The account's resources: phone numbers, addresses, TwiML applications, API keys, Messaging and Verify services."""
