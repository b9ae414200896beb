"""What belongs to the account: phone numbers, applications, keys, and the services Verify and Lookup."""
