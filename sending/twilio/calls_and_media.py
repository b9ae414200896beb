"""Redirects calls in progress, and downloads and deletes recordings and pictures, through Twilio's REST API."""

import logging
from urllib.parse import quote

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from config import Settings
from phone_numbers import is_browser_phone
from sending.twilio import error_codes

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_SECONDS = 10  # for each request to the REST API
MAX_MEDIA_BYTES = 5_000_000  # of a picture: https://www.twilio.com/docs/messaging/guides/accepted-mime-types
CHUNK_BYTES = 65_536


class MediaUnavailable(Exception):
    """Twilio did not return the file, or it is longer than MAX_MEDIA_BYTES."""


class MediaGone(MediaUnavailable):
    """Twilio no longer stores the file."""


class CallEnded(Exception):
    """The call has ended, so it cannot be redirected."""


class CallsAndMedia:
    """The part of the gateway that deals with live calls, recordings and pictures."""

    client: Client
    exchange_client: Client | None  # for browser phones, if the local exchange runs alongside a real account
    settings: Settings

    def client_for(self, number: str) -> Client:
        """Return the client of the exchange for a browser phone's number, otherwise Twilio's."""
        return self.exchange_client if self.exchange_client and is_browser_phone(number) else self.client

    def redirect_call(self, call_sid: str, url: str, number: str) -> bool:
        """Make the live call fetch the document at `url`. Returns False if Twilio fails. Raises CallEnded."""
        try:
            self.client_for(number).calls(call_sid).update(url=url, method="POST")
        except TwilioRestException as error:
            if error.code in (error_codes.CALL_NOT_IN_PROGRESS, error_codes.NOT_FOUND):
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
        return download(self.settings, recording_path(quote(sid, safe="")), from_exchange=from_exchange)

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


def picture_path(message_sid: str, media_sid: str) -> str:
    """Return the path of a picture below the account's path."""
    return f"Messages/{message_sid}/Media/{media_sid}"


def recording_path(recording_sid: str) -> str:
    """Return the path of a recording, as WAV, below the account's path."""
    return f"Recordings/{recording_sid}.wav"


def download(settings: Settings, path: str, *, from_exchange: bool = False) -> bytes:
    """Return a file from Twilio or, if `from_exchange`, from the exchange that runs alongside. Raises MediaUnavailable.

    The URL is built here, because URLs in webhooks are untrusted.
    """
    base = settings.exchange_url if from_exchange else settings.twilio_api_url or "https://api.twilio.com"
    token = settings.exchange_auth_token if from_exchange else settings.twilio_auth_token[0]
    url = f"{base}/2010-04-01/Accounts/{settings.twilio_account_sid}/{path}"
    auth = (settings.twilio_account_sid, token)  # requests does not send it to another host after a redirect
    try:
        with requests.get(url, auth=auth, timeout=REQUEST_TIMEOUT_SECONDS, stream=True) as response:
            if response.status_code in (404, 410):
                raise MediaGone("Twilio no longer stores the file.")
            response.raise_for_status()
            return _read(response)
    except requests.exceptions.RequestException as error:
        raise MediaUnavailable(f"Twilio did not return the file: {type(error).__name__}") from error


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_MEDIA_BYTES:
            raise MediaUnavailable(f"The file is longer than {MAX_MEDIA_BYTES:,} bytes.")
    return bytes(body)
