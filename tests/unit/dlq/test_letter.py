"""What a rejected event is read as, and why it was rejected."""

import json
from typing import Any

import pytest

from scripts.dlq.explain import explain
from scripts.dlq.letter import Letter, Source, ToFunction, ToStarts, read_letter
from tests.unit.dlq.support import (
    CLOCK,
    ENDED,
    EVENT,
    REAP_ARN,
    SLOTS_ARN,
    START,
    STARTS_ARN,
    failed_function,
    rule,
    schedule,
)


def read(body: object, attributes: dict[str, Any] | None = None) -> Letter:
    text = body if isinstance(body, str) else json.dumps(body)
    message: Any = {
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": text,
        "Attributes": {"SentTimestamp": "1000"},
        "MessageAttributes": attributes or {},
    }
    return read_letter(message, "dev")


def started(letter: Letter) -> dict[str, Any]:
    assert isinstance(letter.again, ToStarts)
    message = json.loads(letter.again.body)
    assert isinstance(message, dict)
    return message


def invoked(letter: Letter) -> tuple[str, object]:
    assert isinstance(letter.again, ToFunction)
    return letter.again.name, json.loads(letter.again.payload)


def test_a_start_goes_back_to_the_queue_of_starts_as_it_was() -> None:
    letter = read(START)
    assert letter.source is Source.START_QUEUE
    assert started(letter) == START
    assert letter.purpose == "start pricing-summary: s3://data/landing/tpch/_SUCCESS"


@pytest.mark.parametrize(
    "body", [START, {**EVENT, "account": "123456789012", "version": "0"}], ids=["message", "event"]
)
def test_what_a_rule_could_not_send_is_the_message_it_would_have_sent(body: dict[str, Any]) -> None:
    letter = read(body, rule("pricing-summary-0", STARTS_ARN))
    assert (letter.source, letter.origin) == (Source.RULE, "slow-lambda-dev-pricing-summary-0")
    assert started(letter) == START


@pytest.mark.parametrize(
    "body",
    [
        {"job": "report", "trigger": 1, "scheduled": "2026-11-12T03:00:00Z"},
        {"MessageBody": json.dumps({"job": "report", "trigger": 1, "scheduled": "2026-11-12T03:00:00Z"})},
        {"job": "report", "trigger": 1, "scheduled": "<aws.scheduler.scheduled-time>"},
        '{"job": "report", "trig',
    ],
    ids=["message", "call", "placeholder", "truncated"],
)
def test_what_a_schedule_could_not_send_is_for_the_time_it_meant(body: object) -> None:
    letter = read(body, schedule("report-1"))
    assert letter.source is Source.SCHEDULE
    assert started(letter) == {"job": "report", "trigger": 1, "scheduled": "2026-11-12T03:00:00Z"}
    assert letter.purpose == "start report: schedule of 2026-11-12T03:00:00Z"


def test_events_of_functions_go_to_the_functions() -> None:
    letter = read(ENDED, rule("execution-ended", REAP_ARN))
    assert invoked(letter) == ("slow-lambda-dev-reap-clusters", ENDED)
    assert letter.purpose == "slow-lambda-dev-reap-clusters: run-1 failed"


def test_the_end_of_a_step() -> None:
    ended = {"id": "7", "detail": {"stepId": "s-1", "name": "clean", "clusterId": "j-1", "state": "COMPLETED"}}
    letter = read(ended, rule("step-ended", REAP_ARN))
    assert letter.purpose == "slow-lambda-dev-reap-clusters: step clean of j-1 completed"
    assert invoked(read(CLOCK, rule("slot-sweep", SLOTS_ARN))) == ("slow-lambda-dev-grant-slots", {"sweep": True})
    assert invoked(read(CLOCK, rule("sweep", REAP_ARN))) == ("slow-lambda-dev-reap-clusters", CLOCK)


def test_a_failed_function_gets_its_payload_again() -> None:
    letter = read(failed_function(REAP_ARN, ENDED))
    assert (letter.source, letter.code, letter.attempts) == (Source.FUNCTION, "ReapError", "3")
    assert invoked(letter) == ("slow-lambda-dev-reap-clusters", ENDED)


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        ("hello", {}),
        ("[1]", {}),
        ({"detail": {}}, rule("execution-ended", STARTS_ARN)),
        ("{}", schedule("report-1", SCHEDULED_TIME="")),
        ("{}", schedule("by-hand")),
    ],
    ids=["text", "list", "rule", "schedule", "other-schedule"],
)
def test_what_nobody_can_place_is_not_sent_anywhere(body: object, attributes: dict[str, Any]) -> None:
    letter = read(body, attributes)
    assert letter.again is None
    assert (letter.purpose, letter.job, letter.is_sweep) == ("unknown", None, False)
    explained = explain(letter)
    assert explained.cause == "unknown"
    assert "slow-lambda dlq drop m-1" in explained.todo


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("NO_PERMISSIONS", "not permitted"),
        ("NO_RESOURCE", "target gone"),
        ("AWS.SimpleQueueService.NonExistentQueue", "target gone"),
        ("THROTTLING", "throttled"),
        ("SDK_CLIENT_ERROR", "target failed"),
        ("KMS.DisabledException", "encryption key"),
        ("INVALID_JSON", "refused as invalid"),
        ("THIRD_ACCOUNT_HOP_DETECTED", "THIRD_ACCOUNT_HOP_DETECTED"),
    ],
)
def test_error_codes_are_explained(code: str, cause: str) -> None:
    explained = explain(read(START, rule("pricing-summary-0", STARTS_ARN, ERROR_CODE=code, ERROR_MESSAGE="{so}")))
    assert explained.cause == cause
    assert f"({code}; {{so}}; 0 retries)" in explained.why
    assert f"slow-lambda dlq {'drop' if cause == 'refused as invalid' else 'redrive'} m-1" in explained.todo


@pytest.mark.parametrize(
    ("message", "cause", "word"),
    [
        ({**START, "job": "gone"}, "job unknown", "gone"),
        ({**START, "trigger": 7}, "trigger unknown", "slow-lambda run pricing-summary"),
        ({"{oops}": 1, **START}, "no start message", "{oops}"),
        (START, "start failed", "slow-lambda-dev-start-runs"),
        ({"job": "pricing-summary", "trigger": 9, "changed": {}}, "start failed", "slow-lambda-dev-start-runs"),
    ],
    ids=["job", "trigger", "message", "function", "changed"],
)
def test_starts_are_held_against_the_specs(message: dict[str, Any], cause: str, word: str) -> None:
    explained = explain(read(message))
    assert explained.cause == cause
    assert word in f"{explained.why} {explained.todo}"


def test_a_deleted_job_is_said_whatever_kept_the_rule_from_sending() -> None:
    assert explain(read(EVENT, rule("gone-0", STARTS_ARN))).cause == "job unknown"


def test_a_sweep_need_not_be_sent_again() -> None:
    for letter in (read(CLOCK, rule("sweep", REAP_ARN)), read(failed_function(SLOTS_ARN, {"sweep": True}))):
        assert letter.is_sweep
        assert "slow-lambda dlq drop m-1" in explain(letter).todo
        assert "redrive" not in explain(letter).todo
    failed = explain(read(failed_function(REAP_ARN, ENDED)))
    assert failed.cause == "function failed"
    assert "failed 3 times (ReapError; ending cluster j-1: {denied}; RetriesExhausted)" in failed.why
    assert "in time" in explain(read(failed_function(REAP_ARN, ENDED, "EventAgeExceeded"))).why
