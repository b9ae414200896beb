"""The gateway: sends texts and starts calls through Twilio's REST API."""

import functools
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import requests
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

import events
from config import Settings
from masking import alias, mask, mask_all
from sending import opt_outs, outbox, pacing, rate_limits_per_person
from sending.http.informational_responses import skip_informational
from sending.outbox import OutboundMessage
from sending.segments import shorten
from sending.twilio import error_codes
from sending.twilio.calls_and_media import REQUEST_TIMEOUT_SECONDS, CallsAndMedia
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES
from store import Store

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5  # pause of a sender while Twilio fails or cannot be reached
MAX_KEPT_CONNECTIONS = 50  # to the REST API: the jobs of a full room send their answers at the same time

RECHECK_DELAY_SECONDS = 5  # before a lookup, because Twilio's lists are eventually consistent
CLOCK_SKEW_SECONDS = 60  # between Twilio's clock and ours
MAX_LISTED_TEXTS = 100


class TwilioGateway(CallsAndMedia):
    """Sends texts and starts calls through Twilio's client, whose base URL is TWILIO_API_URL if that is set."""

    def __init__(self, settings: Settings, redis: Store) -> None:
        self.settings, self.redis = settings, redis
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)  # at INFO it logs every request's headers
        self.client = _connect(settings, settings.twilio_auth_token[0], settings.twilio_api_url)
        token = settings.exchange_auth_token
        self.exchange_client = _connect(settings, token, settings.exchange_url) if token else None

    def release(self, most: int, ahead: Mapping[str, float]) -> list[str]:
        """Return the ids of messages to send now, at each sender's pace: see `pacing.release`."""
        senders, ids = outbox.list_senders(self.redis), list[str]()
        for sender in random.sample(senders, len(senders)):  # in random order, so that no sender is always last
            rate, now = self.settings.sender_rate(sender), time.time()
            ids += pacing.release(self.redis, rate, most - len(ids), now, ahead, sender)
        return ids

    def send_text(self, id: str) -> str:
        """Send the text with this id, or look it up at Twilio. Returns its state, or "unknown" if it does not exist.

        A planned text must already have been released.
        """
        message = outbox.load(self.redis, id)
        if message is None or message.is_settled:
            return message.state if message else "unknown"
        if message.state == "sending" and time.time() - message.started_at < outbox.SENDING_TIMEOUT_SECONDS:
            return "sending"
        if message.state in ("sending", "unknown"):
            return self._resolve_unknown(message)
        return self._if_admitted(message, self._send)

    def start_call(self, id: str) -> str:
        """Start the call that speaks the outbox message with this id. Returns the message's state.

        The message is sent as a text instead if PUBLIC_URL is not set, if the person was called in the last five
        minutes, or if an earlier try may have called them.
        """
        message, origin = outbox.load(self.redis, id), self.settings.public_url
        if message is None or message.state != "planned" or message.tries or not origin:
            return self.send_text(id)
        person = alias(message.to, self.settings.secret_key[0])
        if not rate_limits_per_person.admit_call(self.redis, person):
            return self.send_text(id)
        state = self._if_admitted(message, functools.partial(self._call, origin=origin))
        if state == "planned":  # nobody was called
            rate_limits_per_person.forget_call(self.redis, person)
        return state

    def _if_admitted(self, message: OutboundMessage, send: Callable[[OutboundMessage], str]) -> str:
        """Send a planned message, unless it must wait or must not be sent. Returns its new state."""
        if not outbox.start_sending(self.redis, message):
            return "sending"
        try:
            return send(self._admit(message))
        except rate_limits_per_person.MustWait as wait:
            outbox.postpone(self.redis, message, "sending", wait.until, str(wait), is_counted=message.is_counted)
            state = "planned"
        except rate_limits_per_person.MustNotSend as error:
            state = self._mark_failed(message, "sending", str(error))
        pacing.refund(self.redis, self.settings.sender_rate(message.sender), message.segments, message.sender)
        return state

    def _admit(self, message: OutboundMessage) -> OutboundMessage:
        """Return the message to send. Raises MustWait or MustNotSend."""
        if opt_outs.has_opted_out(self.redis, message.to, self.settings.secret_key):
            raise rate_limits_per_person.MustNotSend("they texted STOP")
        return rate_limits_per_person.admit(self.redis, message, alias(message.to, self.settings.secret_key[0]))

    def _send(self, message: OutboundMessage) -> str:
        origin = self.settings.public_url
        request = functools.partial(
            self.client_for(message.to).messages.create,
            to=message.to,
            from_=message.sender or self.settings.default_number,
            body=shorten(message.body),
            status_callback=f"{origin}/sms/status?message={message.id}{CONNECTION_OVERRIDES}"
            if origin
            else values.unset,
        )
        return self._call_api(message, request, self._mark_sent)

    def _call(self, message: OutboundMessage, origin: str) -> str:
        request = functools.partial(
            self.client_for(message.to).calls.create,
            to=message.to,
            from_=message.sender or self.settings.default_number,
            url=f"{origin}/voice/outbound?message={message.id}{CONNECTION_OVERRIDES}",
            status_callback=f"{origin}/voice/outbound/status?message={message.id}{CONNECTION_OVERRIDES}",
        )
        return self._call_api(message, request, self._mark_called)

    def _call_api(
        self,
        message: OutboundMessage,
        request: Callable[[], Any],
        on_success: Callable[[OutboundMessage, str, str], str],
    ) -> str:
        """Send the request, record its outcome and return the message's new state."""
        try:
            created = request()
        except TwilioRestException as error:
            return self._handle_error(message, error)
        except error_codes.CONNECTION_ERRORS as error:
            if error_codes.was_never_sent(error):
                return self._postpone(message, "Twilio could not be reached", PAUSE_SECONDS)
            return self._mark_unknown(message)
        except requests.exceptions.RequestException:
            return self._mark_unknown(message)
        return on_success(message, "sending", str(created.sid))

    def _mark_called(self, message: OutboundMessage, expected: str, sid: str) -> str:
        if outbox.settle(self.redis, message, expected, "sent", sid=sid) and message.is_personal_call:
            events.publish(self.redis, "call.placed", sid, who=mask(message.to))
        return "sent"

    def _mark_sent(self, message: OutboundMessage, expected: str, sid: str) -> str:
        outbox.claim_sid(self.redis, sid, message)
        if outbox.settle(self.redis, message, expected, "sent", sid=sid):
            outbox.publish_sent(self.redis, message, sid)
            if not self.settings.public_url:  # no status callback will arrive
                outbox.forget_body(self.redis, replace(message, state="sent", sid=sid))
        return "sent"

    def _handle_error(self, message: OutboundMessage, error: TwilioRestException) -> str:
        if seconds := error_codes.retry_seconds(error.code, error.status):
            return self._postpone(message, f"Twilio's limit was reached ({error.code})", seconds)
        if error.status >= 500:
            pacing.pause(self.redis, time.time() + PAUSE_SECONDS, message.sender)
            return self._mark_unknown(message)
        if error.code == error_codes.UNSUBSCRIBED_RECIPIENT:
            opt_outs.opt_out(self.redis, message.to, self.settings.secret_key)
            return self._mark_failed(message, "sending", "they texted STOP")
        reason = mask_all(f"Twilio rejected it: {error.msg} ({error.code})")  # Twilio's words may name the recipient
        return self._mark_failed(message, "sending", reason)

    def _mark_failed(self, message: OutboundMessage, expected: str, reason: str) -> str:
        if outbox.settle(self.redis, message, expected, "failed", reason=reason):
            log.warning("A text was not sent: %s", reason)
            data = {"who": mask(message.to), "reason": reason, "is_notification": message.is_notification}
            events.publish(self.redis, "text.failed", message.subject, **data)
        return "failed"

    def _postpone(self, message: OutboundMessage, reason: str, seconds: float) -> str:
        """Pause this sender and retry after this time, with jitter: Twilio would reject its other messages too."""
        until = time.time() + seconds * random.uniform(0.5, 1)  # noqa: S311 (jitter, not a secret)
        pacing.pause(self.redis, until, message.sender)
        outbox.postpone(self.redis, message, "sending", until, reason)
        return "planned"

    def _mark_unknown(self, message: OutboundMessage) -> str:
        outbox.mark_unknown(self.redis, message, time.time() + RECHECK_DELAY_SECONDS)
        return "unknown"

    def _resolve_unknown(self, message: OutboundMessage) -> str:
        """Look for the text among those that Twilio has sent. It is planned again only if it is not among them."""
        try:
            sender = message.sender or self.settings.default_number
            sids = _find_sids(self.client_for(message.to), message, sender)
        except (TwilioException, requests.exceptions.RequestException):
            return self._mark_unknown(message)
        for sid in sids:
            if outbox.claim_sid(self.redis, sid, message):
                return self._mark_sent(message, message.state, sid)
        outbox.postpone(self.redis, message, message.state, time.time(), "Twilio did not respond")
        return "planned"


def _connect(settings: Settings, token: str, base_url: str) -> Client:
    http = TwilioHttpClient(timeout=REQUEST_TIMEOUT_SECONDS)
    skip_informational(http.session, MAX_KEPT_CONNECTIONS)
    client = Client(settings.twilio_account_sid, token, http_client=http)
    if base_url:
        client.api.base_url = base_url
    return client


def _find_sids(client: Client, message: OutboundMessage, sender: str) -> list[str]:
    """Return the SIDs of the texts that this message may have become, newest first.

    Raises TwilioException or RequestException if the lookup fails.
    """
    since = datetime.fromtimestamp(message.started_at - CLOCK_SKEW_SECONDS, UTC)
    # Without a date filter: a queued text has no DateSent.
    texts = client.messages.list(to=message.to, from_=sender, limit=MAX_LISTED_TEXTS)
    return [str(text.sid) for text in texts if _is_same(text, message) and _is_recent(text, since)]


def _is_same(text: Any, message: OutboundMessage) -> bool:
    return bool(text.body == shorten(message.body) and text.direction == "outbound-api")


def _is_recent(text: Any, since: datetime) -> bool:
    """Return whether the text was created no earlier than `since`. A queued text has no other date."""
    return bool(text.date_created is None or text.date_created >= since)
