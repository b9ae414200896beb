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
        effect = outbox.load(self.redis, id)
        if effect is None or effect.is_settled:
            return effect.state if effect else "unknown"
        if effect.state == "sending" and time.time() - effect.started_at < outbox.SENDING_TIMEOUT_SECONDS:
            return "sending"
        if effect.state in ("sending", "unknown"):
            return self._resolve_unknown(effect)
        if reason := self._reason_not_to_send(effect):
            return self._refuse(effect, "planned", reason)
        return self._send(effect) if outbox.start_sending(self.redis, effect) else "sending"

    def start_call(self, id: str) -> str:
        """Call the person, and let /voice/told speak the planned words with this id; answers the effect's state.

        Who was called a moment ago gets a text instead, and so does whom Twilio may or may not have called.
        """
        effect, origin = outbox.load(self.redis, id), self.settings.public_url
        if effect is None or effect.state != "planned" or effect.tries or not origin:
            return self.send_text(id)
        person = alias(effect.to, self.settings.secret_key[0])
        if not self.redis.set(f"called:{person}", 1, nx=True, ex=CALL_COOLDOWN_SECONDS):
            return self.send_text(id)
        if reason := self._reason_not_to_send(effect):
            return self._refuse(effect, "planned", reason)
        call = functools.partial(
            self.client.calls.create,
            to=effect.to,
            from_=self.settings.twilio_phone_number,
            url=f"{origin}/voice/told?effect={id}",
            status_callback=f"{origin}/voice/told/status?effect={id}",
        )
        return (
            self._call_api(effect, call, self._mark_called) if outbox.start_sending(self.redis, effect) else "sending"
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
        keys = (self.settings.twilio_account_sid, self.settings.twilio_auth_token[0])
        answer = requests.get(url, auth=keys, timeout=REQUEST_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.content

    def _reason_not_to_send(self, effect: OutboundMessage) -> str:
        """Why this text may not be sent at all, or ""."""
        if opt_outs.has_opted_out(self.redis, effect.to):
            return "they texted STOP"
        if effect.tries >= MAX_TRIES:
            return f"tried {MAX_TRIES} times: {effect.reason or 'Twilio did not answer'}"
        if effect.tries == 0:
            try:
                rate_limits.consume(self.redis, alias(effect.to, self.settings.secret_key[0]))
            except rate_limits.RateLimitExceeded as ceiling:
                return str(ceiling)
        return ""

    def _send(self, effect: OutboundMessage) -> str:
        text = functools.partial(
            self.client.messages.create,
            to=effect.to,
            from_=self.settings.twilio_phone_number,
            body=shorten(effect.body),
            status_callback=f"{self.settings.public_url}/sms/status?effect={effect.id}",
        )
        return self._call_api(effect, text, self._mark_sent)

    def _call_api(
        self, effect: OutboundMessage, order: Callable[[], Any], done: Callable[[OutboundMessage, str, str], str]
    ) -> str:
        """Order it at Twilio, and write down what came of that."""
        try:
            made = order()
        except TwilioRestException as refusal:
            return self._handle_error(effect, refusal)
        except CONNECTION_ERRORS as trouble:
            if _was_never_sent(trouble):
                return self._later(effect, "Twilio could not be reached")
            return self._mark_unknown(effect)
        except requests.exceptions.RequestException:
            return self._mark_unknown(effect)
        return done(effect, "sending", str(made.sid))

    def _mark_called(self, effect: OutboundMessage, seen: str, sid: str) -> str:
        outbox.settle(self.redis, effect.id, seen, "sent", sid=sid)
        return "sent"

    def _mark_sent(self, effect: OutboundMessage, seen: str, sid: str) -> str:
        outbox.claim_sid(self.redis, sid, effect.id)
        if outbox.settle(self.redis, effect.id, seen, "sent", sid=sid):
            body = shorten(effect.body)
            facts = {"who": mask(effect.to), "answer": body, "segments": count_segments(body)}
            events.publish(self.redis, "text.sent", effect.subject or sid, **facts)
        return "sent"

    def _handle_error(self, effect: OutboundMessage, refusal: TwilioRestException) -> str:
        if refusal.status == 429 or refusal.code in RATE_LIMIT_ERRORS:
            return self._later(effect, "Twilio asked us to slow down")
        if refusal.status >= 500:
            return self._mark_unknown(effect)
        if refusal.code == ERROR_UNSUBSCRIBED_RECIPIENT:
            opt_outs.opt_out(self.redis, effect.to)
            return self._refuse(effect, "sending", "they texted STOP")
        return self._refuse(effect, "sending", f"Twilio refused it: {refusal.msg} ({refusal.code})")

    def _refuse(self, effect: OutboundMessage, seen: str, reason: str) -> str:
        if outbox.settle(self.redis, effect.id, seen, "refused", reason=reason):
            log.warning("A text was not sent: %s", reason)
            events.publish(self.redis, "text.failed", effect.subject, who=mask(effect.to), reason=reason)
        return "refused"

    def _later(self, effect: OutboundMessage, reason: str) -> str:
        wait = random.uniform(0.5, 1) * min(2**effect.tries, 60)  # noqa: S311 (jitter, not a secret)
        outbox.postpone(self.redis, effect.id, "sending", time.time() + wait, reason)
        return "planned"

    def _mark_unknown(self, effect: OutboundMessage) -> str:
        outbox.mark_unknown(self.redis, effect.id, time.time() + RECHECK_DELAY_SECONDS)
        return "unknown"

    def _resolve_unknown(self, effect: OutboundMessage) -> str:
        """Is the doubtful text among those that Twilio sent? Only when it is not may it be sent again."""
        since = datetime.fromtimestamp(effect.started_at, UTC) - timedelta(
            seconds=60
        )  # their clock and ours may differ
        try:
            sent = self.client.messages.list(
                to=effect.to, limit=100
            )  # newest first; a queued one has no DateSent to filter by
        except (TwilioException, requests.exceptions.RequestException):
            outbox.recheck_later(self.redis, effect.id, effect.state, time.time() + RECHECK_DELAY_SECONDS)
            return "unknown"
        for message in sent:
            mine = message.body == shorten(effect.body) and message.direction == "outbound-api"
            if mine and _is_recent(message, since) and outbox.claim_sid(self.redis, str(message.sid), effect.id):
                return self._mark_sent(effect, effect.state, str(message.sid))
        outbox.postpone(self.redis, effect.id, effect.state, time.time(), "Twilio did not answer")
        return "planned"


def _was_never_sent(trouble: Exception) -> bool:
    """True when no connection was made, so Twilio cannot have acted."""
    return isinstance(trouble, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(trouble)


def _is_recent(message: Any, since: datetime) -> bool:
    """Texts still in the queue have no date_sent, so their creation counts."""
    return bool(message.date_created is None or message.date_created >= since)
