"""Downloads pictures and recordings through Twilio's REST API."""

import requests

from config import Settings

REQUEST_TIMEOUT_SECONDS = 10
MAX_BYTES = 5_000_000  # of a picture: https://www.twilio.com/docs/messaging/guides/accepted-mime-types
CHUNK_BYTES = 65_536


class MediaUnavailable(Exception):
    """Twilio did not return the file, or it is longer than MAX_BYTES."""


class MediaGone(MediaUnavailable):
    """Twilio no longer stores the file."""


def picture_path(message_sid: str, media_sid: str) -> str:
    """Return the path of a picture below the account's."""
    return f"Messages/{message_sid}/Media/{media_sid}"


def recording_path(recording_sid: str) -> str:
    """Return the path of a recording, as WAV, below the account's."""
    return f"Recordings/{recording_sid}.wav"


def download(settings: Settings, path: str, *, from_exchange: bool = False) -> bytes:
    """Return a file; `from_exchange` if a browser phone sent it, beside a real number. Raises MediaUnavailable.

    The URL is built here, because those in webhooks are untrusted.
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
        if len(body) > MAX_BYTES:
            raise MediaUnavailable(f"The file is longer than {MAX_BYTES:,} bytes.")
    return bytes(body)
