import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.failures import Failure, StateFailure, describe_failure


def step(state: str, name: str = "clean", **details: str) -> dict[str, Any]:
    status: dict[str, Any] = {"State": state}
    if details:
        status["FailureDetails"] = details
    return {"Id": "s-1", "Name": name, "Status": status}


def cluster(code: str = "", message: str = "", *error_codes: str) -> dict[str, Any]:
    reason = {"Code": code, "Message": message} if code else {}
    errors = [{"ErrorCode": each, "ErrorMessage": each} for each in error_codes]
    return {
        "Id": "j-1",
        "Status": {"State": "TERMINATED_WITH_ERRORS", "StateChangeReason": reason, "ErrorDetails": errors},
    }


FAILED = StateFailure("Run step clean", "States.TaskFailed")
CREATE = StateFailure("Create cluster", "States.TaskFailed")
LOG = "s3://logs/emr/j-1/steps/s-1/stderr.gz"


@pytest.mark.parametrize(
    ("failure", "cluster_found", "steps", "error", "words"),
    [
        (FAILED, cluster("STEP_FAILURE"), [step("FAILED", Reason="Unknown Error.", LogFile=LOG)], "StepFailed", LOG),
        (FAILED, cluster("USER_REQUEST"), [step("CANCELLED")], "StepCancelled", "'clean' was cancelled (CANCELLED)"),
        (FAILED, cluster("INSTANCE_FAILURE", "lost"), [step("CANCELLED")], "ClusterFailed", "INSTANCE_FAILURE: lost"),
        (
            FAILED,
            cluster("STEP_FAILURE"),
            [step("FAILED", "summarise"), step("FAILED")],
            "StepFailed",
            "'clean' failed",
        ),
        (
            StateFailure("Run step clean", "States.Timeout"),
            None,
            [step("RUNNING")],
            "StepTimedOut",
            "within its timeout",
        ),
        (
            StateFailure(
                "Run step clean", "EMR.AmazonElasticMapReduceException", "Rate exceeded (ThrottlingException)"
            ),
            cluster(),
            [],
            "EmrRefused",
            "Rate exceeded",
        ),
        (CREATE, cluster("BOOTSTRAP_FAILURE", "exit 1"), [], "BootstrapFailed", "exit 1"),
        (
            CREATE,
            cluster("INTERNAL_ERROR", "no m7g", "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ"),
            [],
            "NoCapacity",
            "m7g",
        ),
        (CREATE, cluster("INSTANCE_FLEET_TIMEOUT", "timeout"), [], "NoCapacity", "more families"),
        (CREATE, cluster("VALIDATION_ERROR", "bad subnet"), [], "ClusterFailed", "VALIDATION_ERROR: bad subnet"),
        (StateFailure("Create cluster", "States.Timeout"), None, [], "ClusterTimedOut", "start_timeout"),
        (StateFailure("Create cluster", "States.Timeout"), cluster(), [], "ClusterTimedOut", "start_timeout"),
        (
            StateFailure("Create cluster", "EMR.AmazonElasticMapReduceException", "ValidationException: no role"),
            None,
            [],
            "EmrRefused",
            "no role",
        ),
        (StateFailure("Terminate cluster", "States.Timeout"), cluster(), [], "TerminateFailed", "EMR console"),
        (StateFailure("Record run", "KeyError"), None, [], "RecordFailed", "only the record is missing"),
        (StateFailure("Something new", "Oops", "why"), None, [], "RunFailed", "Something new failed with Oops.\nwhy"),
    ],
)
def test_names_and_causes(
    failure: StateFailure, cluster_found: dict[str, Any] | None, steps: list[dict[str, Any]], error: str, words: str
) -> None:
    described = describe_failure(failure, cluster_found, steps)
    assert described.error == error
    assert words in described.cause


def test_details_from_the_cause_when_emr_shows_no_steps() -> None:
    cause = {"Step": {"Id": "s-1", "Name": "clean", "Status": {"State": "FAILED", "FailureDetails": {"LogFile": LOG}}}}
    described = describe_failure(StateFailure("Run step clean", "States.TaskFailed", json.dumps(cause)), None, [])
    assert described.error == "StepFailed"
    assert f"Log: {LOG}" in described.cause


def test_capacity_from_the_cause_of_create_cluster() -> None:
    found = cluster("VALIDATION_ERROR", "We currently do not have sufficient m7g.xlarge capacity in us-east-1a.")
    described = describe_failure(
        StateFailure("Create cluster", "States.TaskFailed", json.dumps({"Cluster": found})), None, []
    )
    assert described.error == "NoCapacity"


def test_rejections_keep_their_name() -> None:
    failure = StateFailure("Plan run", "InputEmpty", "there is no data at s3://b/in/")
    assert describe_failure(failure, None, []) == Failure("InputEmpty", "there is no data at s3://b/in/")


def test_crash_of_the_planner() -> None:
    cause = json.dumps({"errorType": "KeyError", "errorMessage": "'x'", "stackTrace": []})
    described = describe_failure(StateFailure("Plan run", "KeyError", cause), None, [])
    assert described.error == "PlanFailed"
    assert "KeyError: 'x'" in described.cause
    assert describe_failure(StateFailure("Plan run", "States.Timeout"), None, []).error == "PlanFailed"


JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Step", "Cluster", "Status", "x"]), inner),
)


@given(
    st.sampled_from(["Plan run", "Create cluster", "Run step clean", "Terminate cluster", "Record run", "x"]),
    st.sampled_from(["States.Timeout", "States.TaskFailed", "EMR.X", "InputEmpty", "", "e" * 300]),
    st.text() | JSON.map(json.dumps) | st.just('{"Step": {"Sta') | st.sampled_from(["x" * 40_000, "[" * 32_000]),
)
def test_any_cause_is_described_within_the_limits(state: str, error: str, cause: str) -> None:
    described = describe_failure(StateFailure(state, error, cause), None, [])
    assert 0 < len(described.error) <= 256
    assert 0 < len(described.cause) <= 32_768
