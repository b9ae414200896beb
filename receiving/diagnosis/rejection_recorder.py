"""Records rejected requests at a limited rate, and never on a connection that a webhook may be waiting for."""

import logging

from redis.exceptions import RedisError

import events
from masking import mask_all
from receiving import rejected_requests
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from receiving.rejection_reasons import RejectedRequest
from store import Store, clients, execute, new_pipeline
from store.pool import OPTIONAL
from web.token_bucket import TokenBucket

log = logging.getLogger(__name__)


class RejectionRecorder:
    """Records this process's rejections. `unrecorded` counts those since the last recorded one."""

    def __init__(self) -> None:
        self.budget = TokenBucket(capacity=200, tokens_per_second=20)
        self.unrecorded = 0

    def record(self, redis: Store, delivery: Delivery, rejection: RejectedRequest, mistake: Mistake) -> None:
        """Log a rejected request, store its beginning and publish it; if there are too many, only count it."""
        more, self.unrecorded = self.unrecorded, self.unrecorded + 1
        if not self.budget.acquire():
            return
        path = mask_all(delivery.redacted_path)
        others = f"; {more} others were not recorded" if more else ""
        log.warning("Rejected %s %s: %s%s", delivery.method, path, mistake, others)
        pipe = new_pipeline(redis)
        rejected_requests.save(pipe, delivery, mistake)
        events.publish(pipe, "delivery.rejected", address=path[:100], reason=str(rejection), more=more)
        try:
            execute(clients.lane(redis, OPTIONAL), [words for words, _ in pipe.command_stack])
            self.unrecorded -= more + 1
        except RedisError as error:
            log.debug("The rejected request could not be stored: %s", error)


recorder = RejectionRecorder()
