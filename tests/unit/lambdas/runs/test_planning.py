import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.inputs.errors import RejectionError
from lambdas.recovery.shortages import Shortage
from lambdas.runs import planning
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import Plan
from lambdas.runs.planning import MAX_PLAN_BYTES, make_plan
from lambdas.settings import load_settings
from lambdas.specs import code_prefix, load_cluster, load_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(autouse=True)
def _specs_of_the_test(monkeypatch: pytest.MonkeyPatch, specs: Path) -> None:
    monkeypatch.setattr(planning, "load_job", lambda name: load_job(name, specs))
    monkeypatch.setattr(planning, "load_cluster", lambda name: load_cluster(name, specs))
    monkeypatch.setattr(planning, "code_prefix", lambda name: code_prefix(name, specs))


def plan(s3: "S3Client", document: Any, job: str = "count", *, shortages: Sequence[Shortage] = ()) -> Plan:
    execution = {"id": "arn:1", "name": "run-1", "started": "2026-11-22T12:00:00.000Z"}
    event = PlanEvent.model_validate({"job": job, "execution": execution, "input": document})
    return make_plan(event, load_settings(), s3, shortages)


def test_steps_get_their_arguments(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    made = plan(deployment, {})
    assert made.steps[0].args == [
        "spark-submit",
        "--deploy-mode",
        "cluster",
        f"s3://the-code/{code_prefix('count', specs)}count.py",
        "--input",
        "s3://the-data/in/",
        "--run",
        "run-1",
    ]


@pytest.mark.parametrize("folder", ["a b", 'it\'s "it"', "données/☃", "a%20b+c"])
def test_odd_folders_reach_the_step_unchanged(deployment: "S3Client", folder: str) -> None:
    deployment.put_object(Bucket="the-data", Key=f"in/{folder}/a.csv", Body=b"x")
    made = plan(deployment, {"input": f"s3://the-data/in/{folder}"})
    assert made.steps[0].args[5] == made.input == f"s3://the-data/in/{folder}/"
    manifest = json.loads(deployment.get_object(Bucket="the-logs", Key="runs/count/run-1/manifest.json")["Body"].read())
    assert [found["key"] for found in manifest["objects"]] == [f"in/{folder}/a.csv"]


def test_placeholders_in_keys_are_not_expanded(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="in/<< run_id >>/a.csv", Body=b"x")
    made = plan(deployment, {"input": "s3://the-data/in/<< run_id >>/"})
    assert made.steps[0].args[5] == "s3://the-data/in/<< run_id >>/"


def test_more_than_a_page_in_moto(deployment: "S3Client") -> None:
    for number in range(1_005):
        deployment.put_object(Bucket="the-data", Key=f"in/{number}.csv", Body=b"x")
    assert plan(deployment, {}).measured.files == 1_005


def rejection(s3: "S3Client", document: Any, job: str = "count") -> tuple[str, str]:
    with pytest.raises(RejectionError) as caught:
        plan(s3, document, job)
    assert not s3.list_objects_v2(Bucket="the-logs").get("Contents")
    return caught.value.error, str(caught.value)


def test_rejections_create_nothing(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="old/a.csv", Body=b"x", StorageClass="DEEP_ARCHIVE")
    deployment.put_object(Bucket="the-data", Key="marked/_SUCCESS", Body=b"")
    assert rejection(deployment, {})[0] == "InputEmpty"
    assert rejection(deployment, {"input": "s3://the-data/marked/"})[0] == "InputEmpty"
    assert rejection(deployment, {"input": "s3://the-data/old/"})[0] == "InputArchived"
    assert rejection(deployment, {"input": "s3://no-such-bucket/x/"})[0] == "InputBucketMissing"
    assert rejection(deployment, {"input": "https://the-data/x/"})[0] == "InputInvalid"
    assert rejection(deployment, {"input": "x" * 300_000})[0] == "InputTooLarge"
    assert rejection(deployment, {}, "../count") == ("JobUnknown", "there is no job named '../count'; known: count")
    job = specs / "jobs/count/job.yml"
    job.write_text(job.read_text().replace("90s", "90"))
    error, cause = rejection(deployment, {})
    assert error == "JobInvalid"
    assert "job.yml:11: steps[0].timeout" in cause


def test_arguments_emr_would_refuse(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    job = specs / "jobs/count/job.yml"
    job.write_text(job.read_text().replace("--run", "x" * 10_240))
    assert rejection(deployment, {})[0] == "StepTooLong"


def test_plan_that_step_functions_would_refuse(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    spec = specs / "clusters/spark.yml"
    spec.write_text(spec.read_text() + f"    spark.big: {'x' * MAX_PLAN_BYTES}\n")
    assert rejection(deployment, {})[0] == "PlanTooLarge"


def test_a_plan_starts_at_the_first_step_and_has_its_ladder(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    made = plan(deployment, {})
    assert (made.attempt, made.attempts, made.first_step, made.earlier) == (1, 3, "count", [])
    assert made.cluster.ec2_subnet_ids == ["subnet-1", "subnet-2"]
    other, *_ = made.ladder
    assert [rung.why for rung in made.ladder] == [
        f"other instance types: {other.size.core.instance_type} and similar",
        "only the subnet subnet-1",
        "only the subnet subnet-2",
    ]
    assert {rung.cluster.name for rung in made.ladder} == {made.cluster.name}
    job = specs / "jobs/count/job.yml"
    job.write_text(job.read_text() + "on_failure: {attempts: 0}\n")
    assert plan(deployment, {}).attempts == 1


def types_of(fleet: dict[str, Any]) -> set[str]:
    return {kind["InstanceType"] for kind in fleet["InstanceTypeConfigs"]}


def test_a_plan_starts_with_what_was_not_short(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    usual = plan(deployment, {})
    core = usual.cluster.instance_fleets[1]
    short = [Shortage(name, subnet, "on_demand") for name in types_of(core) for subnet in usual.cluster.ec2_subnet_ids]
    made = plan(deployment, {}, shortages=short)
    assert not types_of(core) & types_of(made.cluster.instance_fleets[1])
    assert made.size.core.instance_type == made.cluster.instance_fleets[1]["InstanceTypeConfigs"][0]["InstanceType"]
    assert made.receipt[:-1] == usual.receipt
    assert made.receipt[-1].startswith("EC2 has lately been short of capacity for it; instead: other instance types")
    assert [rung.why for rung in made.ladder] == [
        "the first choice",
        "only the subnet subnet-1",
        "only the subnet subnet-2",
    ]
    only_here = [found for found in short if found.subnet == "subnet-1"]
    other, here, there = usual.ladder
    made = plan(deployment, {}, shortages=only_here)
    assert made.cluster == other.cluster
    assert [rung.why for rung in made.ladder] == [there.why, "the first choice", here.why]
    assert made.ladder[1].cluster == usual.cluster
