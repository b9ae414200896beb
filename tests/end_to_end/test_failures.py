"""Killed processes: a person still gets exactly one answer."""

from workers import pending_answers

WITHIN_A_MINUTE = 60.0


def answers(handset, words="is up and"):
    return [body for body in handset.received() if words in body]


def asks_for_something_slow(deployment, me, site):
    """Text a check of a slow site; a worker is busy with it until the site responds."""
    site.delay()
    me.texts(f"check {site.address}")
    deployment.until(lambda: site.visits, "a worker is at it")


def calls_for_something_slow(deployment, me, site):
    """The same by phone."""
    site.delay()
    me.dials().hears("Press 3")
    me.presses("3")
    me.hears("Which web address?")
    me.says(site.address)
    deployment.until(lambda: site.visits, "a worker is at it")


def test_killed_worker_gives_one_answer_by_text(damaged_deployment, me, site):
    asks_for_something_slow(damaged_deployment, me, site)
    damaged_deployment.kill("worker")
    damaged_deployment.start("worker")
    site.respond()
    me.gets("is up and", WITHIN_A_MINUTE)
    assert len(answers(me)) == 1
    assert pending_answers.list_overdue(damaged_deployment.redis, 9e12) == []


def test_killed_worker_gives_one_answer_to_a_caller(damaged_deployment, me, site):
    calls_for_something_slow(damaged_deployment, me, site)
    damaged_deployment.kill("worker")
    damaged_deployment.start("worker")
    site.respond()
    me.hears("is up and", WITHIN_A_MINUTE)
    assert len([said for said in me.heard() if "is up and" in said]) == 1


def test_redis_restart_loses_nothing(damaged_deployment, me, site):
    asks_for_something_slow(damaged_deployment, me, site)
    damaged_deployment.kill("store")
    damaged_deployment.start("store")
    site.respond()
    me.texts("time")
    me.gets("It is ")
    # How long the store was down decides whether the site was up or too slow, but there is exactly one answer.
    damaged_deployment.until(lambda: answers(me, "127.0.0.1 "), "the answer came", WITHIN_A_MINUTE)
    assert len(answers(me, "127.0.0.1 ")) == 1
    assert damaged_deployment.redis.zcard("pending-answers:open") == 0


def test_fallback_answers_while_redis_is_down(damaged_deployment, me):
    damaged_deployment.kill("store")
    me.texts("time")
    me.dials().hears("something went wrong on our side")
    me.gets("We are having trouble")


def test_killed_web_process_is_replaced(damaged_deployment, me):
    damaged_deployment.kill("web")
    damaged_deployment.start("web")
    me.texts("time")
    me.gets("It is ")
