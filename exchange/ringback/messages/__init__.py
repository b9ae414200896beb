"""Messages (SMS, MMS and WhatsApp) to and from the app."""
