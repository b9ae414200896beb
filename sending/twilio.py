"""Texts and live updates through Twilio's REST API: https://www.twilio.com/docs/usage/api."""

import functools
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

import events
from config import Settings
from masking import alias, mask
from sending import opt_outs, outbox, rate_limits
from sending.outbox import OutboundMessage
from sending.segments import count_segments, shorten

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_SECONDS = 10  # seconds Twilio has for one REST call
MAX_TRIES = 6  # then it is refused, and everybody sees it
RECHECK_DELAY_SECONDS = (
    5  # seconds. Twilio's lists are eventually consistent, so a doubtful text is not looked up at once
)
ERROR_CALL_NOT_IN_PROGRESS = 21220
CALL_COOLDOWN_SECONDS = 300  # seconds in which one person is not called twice for what they follow
ERROR_UNSUBSCRIBED_RECIPIENT = 21610
RATE_LIMIT_ERRORS = (20429,)
CONNECTION_ERRORS = (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError)


class CallEnded(Exception):
    """The call has ended, so nothing can be spoken into it."""


class TwilioGateway:
    """What we do through Twilio: the official client, pointed at TWILIO_API_URL when that is set."""

    def __init__(self, settings: Settings, redis: Any) -> None:
        self.settings, self.redis = settings, redis
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)  # it would log every header of every call
        http = TwilioHttpClient(timeout=REQUEST_TIMEOUT_SECONDS)
        self.client = Client(settings.twilio_account_sid, settings.twilio_auth_token[0], http_client=http)
        if settings.twilio_api_url:
            self.client.api.base_url = settings.twilio_api_url

    def send_text(self, id: str) -> str:
        """Carry out the planned text with this id, as far as it goes now; answers its state."""
        message = outbox.load(self.redis, id)
        if message is None or message.is_settled:
            return message.state if message else "unknown"
        if message.state == "sending" and time.time() - message.started_at < outbox.SENDING_TIMEOUT_SECONDS:
            return "sending"
        if message.state in ("sending", "unknown"):
            return self._resolve_unknown(message)
        if reason := self._reason_not_to_send(message):
            return self._mark_failed(message, "planned", reason)
        return self._send(message) if outbox.start_sending(self.redis, message) else "sending"

    def start_call(self, id: str) -> str:
        """Call the person, and let /voice/told speak the planned words with this id; answers the message's state.

        Who was called a moment ago gets a text instead, and so does whom Twilio may or may not have called.
        """
        message, origin = outbox.load(self.redis, id), self.settings.public_url
        if message is None or message.state != "planned" or message.tries or not origin:
            return self.send_text(id)
        person = alias(message.to, self.settings.secret_key[0])
        if not self.redis.set(f"called:{person}", 1, nx=True, ex=CALL_COOLDOWN_SECONDS):
            return self.send_text(id)
        if reason := self._reason_not_to_send(message):
            return self._mark_failed(message, "planned", reason)
        call = functools.partial(
            self.client.calls.create,
            to=message.to,
            from_=self.settings.twilio_phone_number,
            url=f"{origin}/voice/told?message={id}",
            status_callback=f"{origin}/voice/told/status?message={id}",
        )
        return (
            self._call_api(message, call, self._mark_called) if outbox.start_sending(self.redis, message) else "sending"
        )

    def redirect_call(self, call_sid: str, url: str) -> bool:
        """Point the live call at this document. False: Twilio is in trouble. CallEnded: nobody listens any more."""
        try:
            self.client.calls(call_sid).update(url=url, method="POST")
        except TwilioRestException as refusal:
            if refusal.code in (ERROR_CALL_NOT_IN_PROGRESS, 20404):
                raise CallEnded from refusal
            log.warning("The live update was not taken: %s", refusal.msg)
            return False
        except requests.exceptions.RequestException as trouble:
            log.warning("The live update did not get through: %s", type(trouble).__name__)
            return False
        return True

    def is_call_live(self, call_sid: str) -> bool:
        """Whether Twilio says that this call is still going on; True when it does not say."""
        try:
            status = self.client.calls(call_sid).fetch().status
        except (TwilioRestException, requests.exceptions.RequestException):
            return True
        return status in ("queued", "ringing", "in-progress")

    def download_recording(self, sid: str) -> bytes:
        """The sound of a recording as WAV. The address is built here: the one in the webhook is not followed."""
        base = self.settings.twilio_api_url or "https://api.twilio.com"
        url = f"{base}/2010-04-01/Accounts/{self.settings.twilio_account_sid}/Recordings/{sid}.wav"
        auth = (self.settings.twilio_account_sid, self.settings.twilio_auth_token[0])
        answer = requests.get(url, auth=auth, timeout=REQUEST_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.content

    def _reason_not_to_send(self, message: OutboundMessage) -> str:
        """Why this text may not be sent at all, or ""."""
        if opt_outs.has_opted_out(self.redis, message.to):
            return "they texted STOP"
        if message.tries >= MAX_TRIES:
            return f"tried {MAX_TRIES} times: {message.reason or 'Twilio did not answer'}"
        if message.tries == 0:
            try:
                rate_limits.consume(self.redis, alias(message.to, self.settings.secret_key[0]))
            except rate_limits.RateLimitExceeded as ceiling:
                return str(ceiling)
        return ""

    def _send(self, message: OutboundMessage) -> str:
        text = functools.partial(
            self.client.messages.create,
            to=message.to,
            from_=self.settings.twilio_phone_number,
            body=shorten(message.body),
            status_callback=f"{self.settings.public_url}/sms/status?message={message.id}",
        )
        return self._call_api(message, text, self._mark_sent)

    def _call_api(
        self,
        message: OutboundMessage,
        request: Callable[[], Any],
        on_success: Callable[[OutboundMessage, str, str], str],
    ) -> str:
        """Order it at Twilio, and write down what came of that."""
        try:
            made = request()
        except TwilioRestException as refusal:
            return self._handle_error(message, refusal)
        except CONNECTION_ERRORS as trouble:
            if _was_never_sent(trouble):
                return self._postpone(message, "Twilio could not be reached")
            return self._mark_unknown(message)
        except requests.exceptions.RequestException:
            return self._mark_unknown(message)
        return on_success(message, "sending", str(made.sid))

    def _mark_called(self, message: OutboundMessage, expected: str, sid: str) -> str:
        outbox.settle(self.redis, message.id, expected, "sent", sid=sid)
        return "sent"

    def _mark_sent(self, message: OutboundMessage, expected: str, sid: str) -> str:
        outbox.claim_sid(self.redis, sid, message.id)
        if outbox.settle(self.redis, message.id, expected, "sent", sid=sid):
            body = shorten(message.body)
            facts = {"who": mask(message.to), "answer": body, "segments": count_segments(body)}
            events.publish(self.redis, "text.sent", message.subject or sid, **facts)
        return "sent"

    def _handle_error(self, message: OutboundMessage, refusal: TwilioRestException) -> str:
        if refusal.status == 429 or refusal.code in RATE_LIMIT_ERRORS:
            return self._postpone(message, "Twilio asked us to slow down")
        if refusal.status >= 500:
            return self._mark_unknown(message)
        if refusal.code == ERROR_UNSUBSCRIBED_RECIPIENT:
            opt_outs.opt_out(self.redis, message.to)
            return self._mark_failed(message, "sending", "they texted STOP")
        return self._mark_failed(message, "sending", f"Twilio refused it: {refusal.msg} ({refusal.code})")

    def _mark_failed(self, message: OutboundMessage, expected: str, reason: str) -> str:
        if outbox.settle(self.redis, message.id, expected, "failed", reason=reason):
            log.warning("A text was not sent: %s", reason)
            events.publish(self.redis, "text.failed", message.subject, who=mask(message.to), reason=reason)
        return "failed"

    def _postpone(self, message: OutboundMessage, reason: str) -> str:
        wait = random.uniform(0.5, 1) * min(2**message.tries, 60)  # noqa: S311 (jitter, not a secret)
        outbox.postpone(self.redis, message.id, "sending", time.time() + wait, reason)
        return "planned"

    def _mark_unknown(self, message: OutboundMessage) -> str:
        outbox.mark_unknown(self.redis, message.id, time.time() + RECHECK_DELAY_SECONDS)
        return "unknown"

    def _resolve_unknown(self, message: OutboundMessage) -> str:
        """Is the doubtful text among those that Twilio sent? Only when it is not may it be sent again."""
        since = datetime.fromtimestamp(message.started_at, UTC) - timedelta(
            seconds=60
        )  # their clock and ours may differ
        try:
            sent = self.client.messages.list(
                to=message.to, limit=100
            )  # newest first; a queued one has no DateSent to filter by
        except (TwilioException, requests.exceptions.RequestException):
            outbox.recheck_later(self.redis, message.id, message.state, time.time() + RECHECK_DELAY_SECONDS)
            return "unknown"
        for text in sent:
            mine = text.body == shorten(message.body) and text.direction == "outbound-api"
            if mine and _is_recent(text, since) and outbox.claim_sid(self.redis, str(text.sid), message.id):
                return self._mark_sent(message, message.state, str(text.sid))
        outbox.postpone(self.redis, message.id, message.state, time.time(), "Twilio did not answer")
        return "planned"


def _was_never_sent(trouble: Exception) -> bool:
    """True when no connection was made, so Twilio cannot have acted."""
    return isinstance(trouble, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(trouble)


def _is_recent(message: Any, since: datetime) -> bool:
    """Texts still in the queue have no date_sent, so their creation counts."""
    return bool(message.date_created is None or message.date_created >= since)
