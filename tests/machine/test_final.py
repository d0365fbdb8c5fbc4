"""What is never tried again, and what is tried no more often than the job wants."""

from typing import Any

import pytest

from scripts.local.adapters.moto_faults import Visit
from scripts.local.emr.faults import ApiFault, Faults
from scripts.local.emr.runner import ScriptedStep
from scripts.local.in_process import Conditions, InProcessCloud
from tests.log_tails import DRIVER_OOM, EXECUTOR_OOM, TRACEBACK
from tests.machine.conftest import (
    CloudMaker,
    assert_failed_without_orphan,
    assert_no_orphan,
    record_of,
)
from tests.machine.recovering import (
    FirstTimes,
    allow_attempts,
    clusters,
)

FINAL_LOGS = {
    "application error": (TRACEBACK, "ApplicationError"),
    "denied": (
        "Caused by: java.nio.file.AccessDeniedException: s3://data/landing/a.csv: getFileStatus on s3://data/landing/: "
        "software.amazon.awssdk.services.s3.model.S3Exception: Access Denied (Service: S3, Status Code: 403)\n",
        "S3Denied",
    ),
    "output exists": (
        "org.apache.hadoop.mapred.FileAlreadyExistsException: Output directory s3://data/clean/ already exists\n",
        "OutputExists",
    ),
    "input missing": (
        "pyspark.errors.exceptions.captured.AnalysisException: [PATH_NOT_FOUND] Path does not exist: s3://data/none.\n",
        "InputMissing",
    ),
}


@pytest.mark.parametrize("log", [EXECUTOR_OOM, DRIVER_OOM])
def test_a_job_that_wants_no_second_attempt(make_cloud: CloudMaker, monkeypatch: pytest.MonkeyPatch, log: str) -> None:
    allow_attempts(monkeypatch, 0)
    script = FirstTimes({"clean": (99, log)})
    cloud = make_cloud(script=script)

    ended = cloud.execute()

    assert ended.status == "FAILED"
    assert "attempt 1 of at most 1." in str(ended.cause)
    assert script.ran == ["clean"]
    assert len(clusters(cloud)) == 1
    assert_no_orphan(cloud)


@pytest.mark.parametrize(("log", "error"), FINAL_LOGS.values(), ids=FINAL_LOGS.keys())
def test_what_would_repeat_itself_is_never_tried_again(make_cloud: CloudMaker, log: str, error: str) -> None:
    script = FirstTimes({"clean": (99, log)})
    cloud = make_cloud(script=script)

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, error)
    assert script.ran == ["clean"]
    assert "Try again" not in ended.states
    assert log.strip().splitlines()[-1][:100] in str(ended.cause)


def test_a_request_emr_refuses_is_never_tried_again(make_cloud: CloudMaker) -> None:
    fault = ApiFault("RunJobFlow", calls=9, code="ValidationException", message="The subnet is not valid.")
    cloud = make_cloud(faults=Faults(api=[fault]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "Validation")
    assert fault.calls == 8


# From the moment all steps are queued until each is running: clean takes two minutes.
RUNNING_AFTER = {"clean": 60, "summarise": 180}


class CancelStep:
    """Cancels the running step through the API, as a user does, some seconds after all steps have been queued."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.cloud: InProcessCloud | None = None

    def entered(self, visit: Visit) -> None:
        if visit.state == "Run step summarise" and self.cloud:
            cloud = self.cloud
            cloud.clock.call_at(cloud.clock.now() + self._seconds, lambda: self._cancel(cloud), awaited=False)

    def left(self, visit: Visit) -> None:
        pass

    def task(self, visit: Visit, call: Any) -> Any:
        return call()

    def ended(self, execution: str, status: str) -> None:
        pass

    @staticmethod
    def _cancel(cloud: InProcessCloud) -> None:
        cluster_id = cloud.engine.live_clusters()[0]
        (running,) = cloud.engine.call("ListSteps", {"ClusterId": cluster_id, "StepStates": ["RUNNING"]})["Steps"]
        cloud.engine.call("CancelSteps", {"ClusterId": cluster_id, "StepIds": [running["Id"]]})


@pytest.mark.parametrize("step", ["clean", "summarise"])
def test_a_step_a_user_cancels_is_no_success(make_cloud: CloudMaker, step: str) -> None:
    user = CancelStep(RUNNING_AFTER[step])
    cloud = make_cloud(script={step: ScriptedStep(1000)}, conditions=Conditions(interference=user))
    user.cloud = cloud

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "CancelledOrKilled")
    assert {each["name"]: each["state"] for each in record_of(ended)["steps"]}[step] == "CANCELLED"
    assert "Try again" not in ended.states
