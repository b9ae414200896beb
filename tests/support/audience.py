"""Fills a store with what a talk's audience sends, so that every scene and every page of the presenter has content."""

import json
from dataclasses import asdict, replace
from itertools import count

import redis as redis_client

import config
from presenter import audit_log
from receiving import rejected_requests
from receiving.delivery import Delivery
from receiving.diagnosis.mistakes import Mistake
from sending.webhooks.encryption import Encryption
from sending.webhooks.endpoints import stored_endpoints
from show import moderation, show_state, waiting_line
from show.base_scene import OPEN, REVEALED, Scene
from show.moderation import APPROVED
from show.scenes.idempotence import CopyResult
from show.talk_file import Talk
from tests.support.person import PUBLIC_URL, Person, WebhookPoster
from tests.support.presenter import FORM
from tests.support.stage import StageEvents
from tests.support.stage_app import ENVIRON
from workers.tasks import HttpClient

WORDS = ("reliable", "callbacks", "Donaudampfschiff", "🎉", "naïve", "idempotent")
TEXTS = (
    "Mine called at three in the morning",
    "🎉🔥 twice",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "What happens to an event that arrives while the database is being migrated, and whom does the provider tell? " * 3,
)


class Audience:
    """People who text and call an app on this store; `people` of them take part in each scene."""

    def __init__(self, redis: redis_client.Redis, people: int = 8, talk: str = "") -> None:
        from app import create_app

        environ = ENVIRON | {"PUBLIC_URL": PUBLIC_URL, "REDIS_URL": "redis://unused", "TALK": talk}
        settings = replace(config.load(environ), allow_loopback=True)
        self.redis, self.app, self.sids = redis, create_app(settings, redis), count(1)
        self.talk: Talk = self.app.extensions["talk"]
        post = WebhookPoster(self.app, settings)
        self.people = [Person(post, f"+447700{900_200 + at:06}") for at in range(people)]

    def takes_part(self) -> None:
        """Fill every scene, and the lists on the presenter's other pages."""
        self.answers("poll", ["1", "2", "1", "3"])
        self.sets_phase("poll", REVEALED)
        self.answers("words", WORDS)
        self.answers("wall", TEXTS)
        self.answers("questions", TEXTS)
        self.sets_phase("raffle", OPEN)
        self.answers("raffle", ["me"])
        with self.app.app_context():
            self.goes_to("raffle").perform(self.redis, "draw", "")
        self.answers("score", ["10", "7", "8", "10"])
        self.waits_in_line()
        self.answers("timeline", ["time", "count"])
        self.calls()
        self.runs_slowly()
        self.is_delivered_again()
        self.is_recorded()

    def answers(self, kind: str, words: list[str] | tuple[str, ...]) -> None:
        """Everybody texts one of these to the first scene of this kind; half of the items or all words are approved."""
        scene = self.goes_to(kind)
        for at, person in enumerate(self.people):
            person.texts(words[at % len(words)], sid=f"SM{next(self.sids):032d}")
        for at, item in enumerate(moderation.load_items(self.redis, scene.id, moderation.PENDING)):
            if at % 2 == 0 or kind == "words":
                moderation.decide(self.redis, scene.id, item.id, APPROVED)

    def goes_to(self, kind: str) -> Scene:
        """The first scene of this kind is on stage from now on."""
        position = next(at for at, scene in enumerate(self.talk.scenes, 1) if scene.kind == kind)
        pipe = self.redis.pipeline()
        show_state.go(pipe, show_state.load(self.redis), self.talk, position)
        pipe.execute()
        return self.talk.scenes[position - 1]

    def sets_phase(self, kind: str, phase: str) -> None:
        """The presenter opens, closes or reveals the first scene of this kind."""
        pipe = self.redis.pipeline()
        show_state.set_phase(pipe, self.goes_to(kind), phase)
        pipe.execute()

    def calls(self) -> None:
        """Somebody is in a call."""
        self.people[0].call_sid = f"CA{next(self.sids):032d}"
        self.people[0].dials()

    def waits_in_line(self) -> None:
        """Some callers wait; their captions are approved, and the first caller is on stage."""
        scene = self.goes_to("line")
        for person in self.people[:7]:
            person.call_sid = f"CA{next(self.sids):032d}"
            person.dials().presses("1").says("I would like to ask about retries, and how long they go on. " * 4)
        for item in moderation.load_items(self.redis, scene.id, moderation.PENDING):
            moderation.decide(self.redis, scene.id, item.id, APPROVED)
        waiting = waiting_line.list_waiting(self.redis, scene.id)
        if waiting:
            waiting_line.move_to_stage(self.redis, scene.id, waiting[0])

    def runs_slowly(self) -> None:
        """Up to three slow answers are in progress, and two workers on different hosts are registered."""
        happened = StageEvents(self.redis)
        queued = [event for event in happened.all() if event.type == "answer.queued"]
        for at, event in enumerate(queued[:3]):
            happened.publish("answer.started", event.subject, answer_id=event.data["answer_id"], attempt=1)
            happened.publish("answer.progress", event.subject, answer_id=event.data["answer_id"], done=0.25 * (at + 1))
        for pid, host in ((1234, "here"), (4321, "there")):
            key = f"rq:worker:vm-{pid}"
            self.redis.sadd("rq:workers", key)
            self.redis.hset(key, mapping={"pid": pid, "hostname": host, "state": "busy", "successful_job_count": 1234})
            self.redis.expire(key, 600)

    def is_delivered_again(self) -> None:
        """The last text has been delivered ten more times."""
        key = next(scene.key("copies") for scene in self.talk.scenes if scene.kind == "idempotence")
        sid = f"SM{next(self.sids):032d}"
        self.people[0].texts("flip", sid=sid)
        copies = [json.dumps(asdict(CopyResult(200, "3f2a51c09be1", False, 0.012))) for _ in range(10)]
        self.redis.rpush(key, json.dumps(sid), *copies)
        self.redis.expire(key, 600)

    def is_recorded(self) -> None:
        """A rejected request, a webhook endpoint and two entries of the audit log."""
        delivery = Delivery("POST", f"{PUBLIC_URL}/sms", FORM, b"From=%2B447700900123&Body=hello")
        mistake = Mistake("scheme", "It matches with http.", "Set PUBLIC_URL.")
        rejected_requests.save(self.redis, delivery, mistake)
        encryption = Encryption([ENVIRON["SECRET_KEY"]])
        stored_endpoints.create(
            self.redis, HttpClient(), encryption, "https://hear.example/hook", event_types=("text.*",)
        )
        audit_log.record(self.redis, "phone 3f2a", "next")
        audit_log.record(self.redis, "computer 24fa", "hold")
