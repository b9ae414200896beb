"""A test sees the webhooks and alerts, and injects failures."""

import pytest


def test_webhooks_have_parameters_responses_and_durations(ringback, ada):
    ada.texts("hi")
    ada.reads()
    (request,) = ringback.requests
    assert (request.channel, request.path, request.status) == ("sms", "/sms", 200)
    assert request.parameters["Body"] == "hi"
    assert request.body.startswith("<Response><Message>Hello")
    assert 0 < request.seconds < 60


def test_expected_alert_does_not_fail_the_test(ringback, ada):
    ringback.expects_alert(11217)
    ada.texts("fail")
    ada.reads_nothing()
    assert [alert.code for alert in ringback.alerts] == [11217]


def test_missing_alert_fails_the_test(ringback):
    ringback.expects_alert(11200)
    with pytest.raises(AssertionError, match="Expected alerts did not occur: 11200"):
        ringback.check_alerts()
    ringback.expected_alerts.clear()


def test_fault_lasts_as_long_as_its_block(ringback, ada):
    ringback.expects_alert(11205)
    with ringback.fault("webhook-drop", channel="sms"):
        ada.texts("lost")
        ada.reads_nothing()
    ada.texts("arrives")
    ada.reads("arrives")


def test_fault_may_be_over_before_its_block(ringback, ada):
    with ringback.fault("webhook-duplicate", times=1):
        ada.texts("hi")
        ada.reads("hi")
    assert ringback.requests[0].parameters["Body"] == "hi"


def test_delay_is_one_of_the_virtual_clock(ringback, ada):
    with ringback.fault("webhook-delay", seconds=3):
        ada.texts("hi")
        ada.reads_nothing()
        ringback.time_passes(3)
    ada.reads("hi")


def test_unknown_fault_is_rejected_with_the_known_ones(ringback):
    with pytest.raises(AssertionError, match="'typo' is not a kind of fault"), ringback.fault("typo"):
        pass


def test_nothing_is_left_of_the_test_before(ringback):
    assert ringback.requests == [] and ringback.alerts == []
    assert ringback.api.get("/handsets")["handsets"] == []
    assert ringback.api.get("/faults")["faults"] == []
