"""Messages (SMS and MMS) to and from the app."""
