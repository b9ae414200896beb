"""Calls in progress and call recordings, through Twilio's REST API."""

import logging
from urllib.parse import quote

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from config import Settings
from sending.number_types import is_browser_phone
from sending.twilio import errors, media

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_SECONDS = 10  # for each request to the REST API


class CallEnded(Exception):
    """The call has ended, so it cannot be redirected."""


class LiveCalls:
    """The part of the gateway that deals with live calls."""

    client: Client
    exchange_client: Client | None  # for browser phones, if the local exchange runs beside a real account
    settings: Settings

    def client_for(self, number: str) -> Client:
        """Return the client of the exchange for a browser phone's number, otherwise Twilio's."""
        return self.exchange_client if self.exchange_client and is_browser_phone(number) else self.client

    def redirect_call(self, call_sid: str, url: str, number: str) -> bool:
        """Make the live call fetch the document at `url`. Returns False if Twilio fails. Raises CallEnded."""
        try:
            self.client_for(number).calls(call_sid).update(url=url, method="POST")
        except TwilioRestException as error:
            if error.code in (errors.CALL_NOT_IN_PROGRESS, errors.NOT_FOUND):
                raise CallEnded from error
            log.warning("Twilio did not redirect the call: %s", error.msg)
            return False
        except requests.exceptions.RequestException as error:
            log.warning("The request to redirect the call failed: %s", type(error).__name__)
            return False
        return True

    def is_call_live(self, call_sid: str, number: str) -> bool:
        """Return whether the call is still in progress at Twilio; True if Twilio does not respond."""
        try:
            status = self.client_for(number).calls(call_sid).fetch().status
        except (TwilioRestException, requests.exceptions.RequestException):
            return True
        return status in ("queued", "ringing", "in-progress")

    def download_recording(self, sid: str, number: str) -> bytes:
        """Return a recording of a call from this number, as WAV. Raises MediaUnavailable."""
        from_exchange = self.client_for(number) is self.exchange_client
        return media.download(self.settings, media.recording_path(quote(sid, safe="")), from_exchange=from_exchange)

    def delete_recording(self, sid: str) -> None:
        """Delete a recording at Twilio. Raises an exception if Twilio fails."""
        try:
            self.client.recordings(sid).delete()
        except TwilioRestException as error:
            if error.status != 404:
                raise

    def delete_picture(self, message_sid: str, media_sid: str) -> None:
        """Delete a picture at Twilio. Raises an exception if Twilio fails."""
        try:
            self.client.messages(message_sid).media(media_sid).delete()
        except TwilioRestException as error:
            if error.status != 404:
                raise
