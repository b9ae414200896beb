"""Texts and calls to the Twilio number, and the commands that people can text or say."""
