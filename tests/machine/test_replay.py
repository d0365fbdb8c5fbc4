"""A run that failed, replayed by `{"replay": name}`: the whole machine, its Lambdas and the ledger between them."""

from typing import Any

import pytest

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.store import read_entry
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import DATA_BUCKET, RUN_TABLE, Ended, InProcessCloud, in_process_cloud
from tests.machine.conftest import JOB, CloudMaker

BAD = StepOutcome(succeeded=False, reason="Unknown Error.", message="Exit code 1")
FORK = "shipping-report"


class Steps:
    """Steps that write an object to their output, and fail as often as they are told to."""

    def __init__(self, **failing: int) -> None:
        self.ran: list[str] = []
        self.args: dict[str, list[str]] = {}
        self._failing = failing

    def __call__(self, step: dict[str, Any]) -> ScriptedStep:
        name, args = step["Name"], step["Config"]["Args"]
        self.ran.append(name)
        self.args[name] = args
        output = args[args.index("--output") + 1]
        aws.s3().put_object(Bucket=DATA_BUCKET, Key=f"{output.removeprefix(f's3://{DATA_BUCKET}/')}part-0", Body=b"x")
        self._failing[name] = self._failing.get(name, 0) - 1
        # A step that fails does so after those beside it are done.
        return ScriptedStep(900, BAD) if self._failing[name] >= 0 else ScriptedStep(60)

    def again(self) -> list[str]:
        """Return what has run since the last time."""
        ran, self.ran = self.ran, []
        return ran


def name_of(ended: Ended) -> str:
    return ended.arn.rpartition(":")[2]


def entry_of(ended: Ended, job: str = JOB) -> LedgerEntry:
    found = read_entry(aws.dynamodb(), RUN_TABLE, job, name_of(ended))
    assert found is not None
    return found


def replayed(cloud: InProcessCloud, run: Ended, **asked: Any) -> Ended:
    return cloud.execute({"replay": name_of(run), **asked})


def test_only_the_step_that_failed_runs_again(make_cloud: CloudMaker) -> None:
    steps = Steps(summarise=1)
    cloud = make_cloud(script=steps)
    failed = cloud.execute()
    assert (failed.status, steps.again()) == ("FAILED", ["clean", "summarise"])

    ended = replayed(cloud, failed)

    assert (ended.status, steps.again()) == ("SUCCEEDED", ["summarise"]), ended.cause
    assert "Add step clean" not in ended.states
    args = steps.args["summarise"]
    assert args[args.index("--input") + 1] == f"s3://{DATA_BUCKET}/clean/{name_of(failed)}/"
    assert f"s3://{DATA_BUCKET}/results/{name_of(ended)}/" in args
    entry = entry_of(ended)
    assert (entry.replays, entry.attempt, entry.trigger) == (name_of(failed), 2, "replay")
    assert [(step.name, step.state, step.run) for step in entry.steps] == [
        ("clean", "KEPT", name_of(failed)),
        ("summarise", "COMPLETED", name_of(ended)),
    ]
    assert entry_of(failed).replayed_by == (name_of(ended),)

    refused = replayed(cloud, failed)
    assert (refused.status, refused.error, steps.again()) == ("FAILED", "ReplayAlreadySucceeded", [])


def test_a_replay_of_a_replay_keeps_what_the_first_run_did(make_cloud: CloudMaker) -> None:
    steps = Steps(summarise=2)
    cloud = make_cloud(script=steps)
    second = replayed(cloud, cloud.execute())
    steps.again()

    third = replayed(cloud, second)

    assert (third.status, steps.again(), entry_of(third).attempt) == ("SUCCEEDED", ["summarise"], 3)


def test_what_is_gone_is_made_again(make_cloud: CloudMaker) -> None:
    steps = Steps(summarise=1)
    cloud = make_cloud(script=steps)
    failed = cloud.execute()
    aws.s3().delete_object(Bucket=DATA_BUCKET, Key=f"clean/{name_of(failed)}/part-0")
    steps.again()

    ended = replayed(cloud, failed)

    assert (ended.status, steps.again()) == ("SUCCEEDED", ["clean", "summarise"])
    args = steps.args["summarise"]
    assert args[args.index("--input") + 1] == f"s3://{DATA_BUCKET}/clean/{name_of(ended)}/"


def test_of_steps_beside_each_other_only_the_one_that_failed_runs_again() -> None:
    steps = Steps(**{"by-month": 1})
    with in_process_cloud(FORK, steps) as cloud:
        aws.s3().put_object(Bucket=DATA_BUCKET, Key="landing/tpch/lineitem/lineitem.1.csv", Body=b"1,2\n")
        failed = cloud.execute()
        assert (failed.status, sorted(steps.again())) == ("FAILED", ["by-mode", "by-month", "clean"])

        ended = replayed(cloud, failed)

        assert (ended.status, steps.again()) == ("SUCCEEDED", ["by-month", "report"]), ended.cause
        assert f"s3://{DATA_BUCKET}/shipping/{name_of(failed)}/by-mode/" in steps.args["report"]
        assert f"s3://{DATA_BUCKET}/shipping/{name_of(ended)}/by-month/" in steps.args["report"]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"replay": "nobody"}, "ReplayUnknownRun"),
        ({"replay": 7}, "ReplayInvalid"),
        ({"repaly": "run-0"}, "InputInvalid"),
    ],
    ids=["unknown run", "no name", "mistyped"],
)
def test_a_replay_that_cannot_be_costs_nothing(make_cloud: CloudMaker, asked: dict[str, Any], error: str) -> None:
    cloud = make_cloud()

    ended = cloud.execute(asked)

    assert (ended.status, ended.error) == ("FAILED", error)
    assert cloud.engine.call("ListClusters", {})["Clusters"] == []
