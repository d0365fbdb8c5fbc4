import json
import random
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.failures.case import Case
from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.diagnose import MAX_EVIDENCE_CHARACTERS, MAX_EVIDENCE_LINES, diagnose
from lambdas.failures.signatures import EXPLAINS, SIGNATURES

KILLED_FOR_MEMORY = (
    "20/01/01 00:00:00 ERROR YarnScheduler: Lost executor 9 on ip-10-0-0-1: "
    "Container killed by YARN for exceeding memory limits."
)
LOST_NODE = "20/01/01 00:00:01 ERROR YarnScheduler: Lost executor 5 on ip-10-0-0-2: Container released on a *lost* node"
SLOW_DOWN = "20/01/01 00:00:02 WARN S3: AmazonS3Exception: Slow Down (Service: Amazon S3; Status Code: 503)"
TRACEBACK = (
    'Traceback (most recent call last):\n  File "job.py", line 3, in <module>\n    check(rows)\nValueError: bad rows'
)
SHUT_DOWN = "org.apache.spark.SparkException: Job 2 cancelled because SparkContext was shut down"
OUT_OF_MEMORY = "java.lang.OutOfMemoryError: Java heap space"
SHORTAGE = "We currently do not have sufficient m5.xlarge capacity in us-east-1a."

# A megabyte has to be judged while a Lambda waits; slow regular expressions take minutes on these.
MEGABYTE = 1_000_000
ALLOWED_SECONDS = 2.0


def judged(*lines: str) -> FailureClass:
    return diagnose(Case(log="\n".join(lines))).failure_class


@pytest.mark.parametrize(
    ("lines", "failure_class"),
    [
        ([KILLED_FOR_MEMORY, LOST_NODE], FailureClass.EXECUTOR_OUT_OF_MEMORY),
        ([LOST_NODE, KILLED_FOR_MEMORY], FailureClass.EXECUTOR_OUT_OF_MEMORY),
        ([KILLED_FOR_MEMORY, SHUT_DOWN], FailureClass.EXECUTOR_OUT_OF_MEMORY),
        ([LOST_NODE, TRACEBACK], FailureClass.APPLICATION_ERROR),
        ([SLOW_DOWN, TRACEBACK], FailureClass.APPLICATION_ERROR),
        ([SLOW_DOWN], FailureClass.S3_THROTTLED),
        ([SHUT_DOWN], FailureClass.CANCELLED_OR_KILLED),
    ],
)
def test_the_cause_is_named_and_not_its_consequence(lines: list[str], failure_class: FailureClass) -> None:
    assert judged(*lines) is failure_class


@pytest.mark.parametrize(
    ("lines", "failure_class"),
    [
        ([f'Exception in thread "main" {OUT_OF_MEMORY}'], FailureClass.DRIVER_OUT_OF_MEMORY),
        (
            [f'Exception in thread "Executor task launch worker-0" {OUT_OF_MEMORY}'],
            FailureClass.EXECUTOR_OUT_OF_MEMORY,
        ),
        (
            [
                OUT_OF_MEMORY,
                "\tat java.util.Arrays.copyOf(Arrays.java:1)",
                "\tat py4j.Gateway.invoke(Gateway.java:282)",
            ],
            FailureClass.DRIVER_OUT_OF_MEMORY,
        ),
        (
            [
                OUT_OF_MEMORY,
                "\tat org.apache.spark.executor.Executor$TaskRunner.run(Executor.scala:1)",
                "Driver stacktrace:",
                "\tat org.apache.spark.deploy.SparkSubmit.main(SparkSubmit.scala:1)",
            ],
            FailureClass.EXECUTOR_OUT_OF_MEMORY,
        ),
        (
            [
                f"Lost task 1.3 in stage 2.0 (TID 4, ip-10-0-0-1, executor 3): {OUT_OF_MEMORY}",
                'Exception in thread "main" org.apache.spark.SparkException: Job aborted due to stage failure',
            ],
            FailureClass.EXECUTOR_OUT_OF_MEMORY,
        ),
    ],
)
def test_whose_memory_it_was(lines: list[str], failure_class: FailureClass) -> None:
    assert judged(*lines) is failure_class


def status(state: str, code: str = "", message: str = "") -> dict[str, Any]:
    return {"State": state, "StateChangeReason": {"Code": code, "Message": message}}


SHORT = status("TERMINATED_WITH_ERRORS", "VALIDATION_ERROR", SHORTAGE)


@pytest.mark.parametrize(
    "cluster",
    [
        {"Id": "j-1", "Name": "x", "Status": SHORT},
        {"Cluster": {"Id": "j-1", "Status": SHORT}},
        {"Status": SHORT},
        SHORT,
        {"state": "TERMINATED_WITH_ERRORS", "stateChangeReason": json.dumps({"code": "", "message": SHORTAGE})},
        json.dumps({"Cluster": {"Status": SHORT}}),
        SHORTAGE,
        [SHORTAGE],
    ],
)
def test_statuses_in_any_wrapping(cluster: Any) -> None:
    assert diagnose(Case(cluster)).failure_class is FailureClass.CAPACITY_SHORTAGE
    assert diagnose(Case(log=json.dumps(cluster))).failure_class is FailureClass.CAPACITY_SHORTAGE


def test_names_and_arguments_are_no_evidence() -> None:
    step = {"Name": "OutOfMemoryError", "Config": {"Args": ["No space left on device"]}, "Status": {"State": "FAILED"}}
    assert diagnose(Case(step=step)).failure_class is FailureClass.UNKNOWN


def test_a_request_to_end_the_cluster_does_not_hide_why_the_step_failed() -> None:
    cluster = {"Status": status("TERMINATED", "USER_REQUEST", "Terminated by user request")}
    failed = {"Status": {"State": "FAILED"}}
    assert diagnose(Case(cluster, failed, TRACEBACK)).failure_class is FailureClass.APPLICATION_ERROR
    assert diagnose(Case(cluster, failed)).failure_class is FailureClass.UNKNOWN
    assert diagnose(Case(cluster)).failure_class is FailureClass.CANCELLED_OR_KILLED


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("BOOTSTRAP_FAILURE_BA_DOWNLOAD_FAILED_PRIMARY", Action.RETRY_AS_IS),
        ("BOOTSTRAP_FAILURE_PRIMARY_WITH_NON_ZERO_CODE", Action.FAIL_NOW),
        ("INTERNAL_ERROR", Action.RETRY_AS_IS),
        ("INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ", Action.NEXT_CAPACITY),
        ("VALIDATION_ERROR_INVALID_SSH_KEY_NAME", Action.FAIL_NOW),
    ],
)
def test_actions_of_codes(code: str, action: Action) -> None:
    details = [{"ErrorCode": code, "ErrorMessage": "m"}]
    reason = {"Code": re.sub(r"(_ERROR|_FAILURE).*", r"\1", code), "Message": ""}
    cluster = {"Status": {"State": "TERMINATED_WITH_ERRORS", "StateChangeReason": reason, "ErrorDetails": details}}
    assert diagnose(Case(cluster)).action is action


def test_evidence_is_masked_short_and_telling() -> None:
    secret = "password=ex4mple"
    log = "\n".join(f"{'x' * n} {OUT_OF_MEMORY} {secret} {'y' * 500}" for n in range(0, 2000, 100))
    diagnosis = diagnose(Case(log=log))
    assert 1 <= len(diagnosis.evidence) <= MAX_EVIDENCE_LINES
    assert all(len(line) <= MAX_EVIDENCE_CHARACTERS for line in diagnosis.evidence)
    assert all(OUT_OF_MEMORY in line for line in diagnosis.evidence)
    assert not any("ex4mple" in line for line in diagnosis.evidence)


def test_lost_line_ends_are_put_back() -> None:
    flat = f"a {LOST_NODE} at a.B.c(D.java:1) {KILLED_FOR_MEMORY} {SHUT_DOWN} at a.B.c(D.java:1)"
    quoted = "\\n".join([LOST_NODE, "\\tat a.B.c(D.java:1)", TRACEBACK.replace("\n", "\\n")])
    assert judged(flat) is FailureClass.EXECUTOR_OUT_OF_MEMORY
    assert judged(quoted) is FailureClass.APPLICATION_ERROR


@pytest.mark.parametrize("form", ["> {}", "  12. {}", "- {}", "{} | |", "&gt; {}"])
def test_quoted_lines(form: str) -> None:
    lines = [OUT_OF_MEMORY, "\tat java.util.Arrays.copyOf(Arrays.java:1)", "at py4j.Gateway.invoke(Gateway.java:282)"]
    assert judged(*(form.format(line) for line in lines)) is FailureClass.DRIVER_OUT_OF_MEMORY


def test_nothing_known() -> None:
    diagnosis = diagnose(Case())
    assert (diagnosis.failure_class, diagnosis.action) == (FailureClass.UNKNOWN, Action.FAIL_NOW)
    assert diagnosis.confidence < 0.5
    assert diagnosis.evidence == ()


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Status", "State", "Code", "Cluster"]), inner),
    max_leaves=8,
)
LINES = st.sampled_from([KILLED_FOR_MEMORY, LOST_NODE, SLOW_DOWN, TRACEBACK, SHUT_DOWN, OUT_OF_MEMORY, "{", "\\n", ""])


@given(ODD, ODD, st.lists(LINES | st.text()).map("\n".join))
def test_anything_is_judged(cluster: Any, step: Any, log: str) -> None:
    diagnosis = diagnose(Case(cluster, step, log))
    assert 0 <= diagnosis.confidence <= 1


@given(
    st.lists(st.sampled_from(["22/01/01 00:00:00 INFO MemoryStore: MemoryStore cleared", "", "\tat a.B.c(D.java:1)"]))
)
def test_progress_and_frames_change_no_verdict(noise: list[str]) -> None:
    assert judged(*noise, KILLED_FOR_MEMORY, *noise) is FailureClass.EXECUTOR_OUT_OF_MEMORY


def megabyte(line: str) -> str:
    return (line * (MEGABYTE // len(line) + 1))[:MEGABYTE]


def distinct_lines(level: str) -> str:
    words = [
        "shuffle",
        "error",
        "failed",
        "executor",
        "lost",
        "task",
        "Exception",
        "access",
        "s3://b/k",
        "exit",
        "code",
        "timed",
        "out",
        "killed",
    ]
    chance = random.Random(7)
    line = (f"22/01/01 00:00:00 {level} X: " + " ".join(chance.choice(words) for _ in range(14)) for _ in iter(int, 1))
    return "\n".join(next(line) for _ in range(MEGABYTE // 110))


@pytest.mark.parametrize(
    "log",
    [
        distinct_lines("ERROR"),
        distinct_lines("INFO").replace("\n", " "),
        *(
            megabyte(each)
            for each in ("a", "a.", " ", "S3 s3:// ", "://", "AKIA", "x: ", "\\n", '{"a":', f"{LOST_NODE}\n")
        ),
        megabyte(" at a.b.C.d(E.java:1)"),
        "\n".join(f"{'ab' * (n % 997)} {OUT_OF_MEMORY} {'cd' * (n % 991)}" for n in range(1000)),
    ],
    ids=lambda log: repr(log[:12]),
)
def test_a_megabyte_is_judged_quickly(log: str) -> None:
    started = time.process_time()
    diagnose(Case(log=log))
    assert time.process_time() - started < ALLOWED_SECONDS


def test_signatures_are_sound() -> None:
    for signature in SIGNATURES:
        assert 0 < signature.weight <= 1
        assert signature.source.startswith("https://")
        assert not signature.regex.search("")
    assert all(cause not in consequences for cause, consequences in EXPLAINS.items())


@pytest.mark.parametrize(
    ("failure_class", "error"),
    [
        (FailureClass.EXECUTOR_OUT_OF_MEMORY, "ExecutorOutOfMemory"),
        (FailureClass.S3_THROTTLED, "S3Throttled"),
        (FailureClass.CANCELLED_OR_KILLED, "CancelledOrKilled"),
    ],
)
def test_names_of_errors(failure_class: FailureClass, error: str) -> None:
    assert failure_class.error == error


def test_mistakes_are_never_tried_again() -> None:
    mistakes = {"application_error", "input_missing", "output_exists", "s3_denied", "validation", "unknown"}
    assert {FailureClass(name).action for name in mistakes} == {Action.FAIL_NOW}
