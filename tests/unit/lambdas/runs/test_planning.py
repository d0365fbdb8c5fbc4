import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdas import aws
from lambdas.history.event_log import step_settings
from lambdas.history.store import put_history
from lambdas.inputs.errors import RejectionError
from lambdas.recovery.shortage_store import REMEMBERED, put_shortages
from lambdas.recovery.shortages import Shortage
from lambdas.runs import learning, planning
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import Plan
from lambdas.runs.planning import MAX_PLAN_BYTES, make_plan
from lambdas.settings import load_settings
from lambdas.specs import Catalogue, code_prefix, load_cluster, load_job
from tests.unit.lambdas.history.entries import NOW, an_entry
from tests.unit.paging import in_pages_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(autouse=True)
def _specs_of_the_test(monkeypatch: pytest.MonkeyPatch, specs: Path) -> None:
    monkeypatch.setattr(planning, "load_job", lambda name: load_job(name, specs))
    monkeypatch.setattr(planning, "load_cluster", lambda name: load_cluster(name, specs))
    for module in (planning, learning):
        monkeypatch.setattr(module, "code_prefix", lambda name: code_prefix(name, specs))


def plan(s3: "S3Client", document: Any, job: str = "count", *, now: datetime.datetime = NOW) -> Plan:
    execution = {"id": "arn:1", "name": "run-1", "started": "2026-11-22T12:00:00.000Z"}
    event = PlanEvent.model_validate({"job": job, "execution": execution, "input": document})
    return make_plan(event, load_settings(), s3, aws.dynamodb(), now)


def test_steps_get_their_arguments(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    made = plan(deployment, {})
    assert made.steps[0].args == [
        "spark-submit",
        "--deploy-mode",
        "cluster",
        *step_settings("count"),
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
    assert own(made)[1] == made.input == f"s3://the-data/in/{folder}/"
    manifest = json.loads(deployment.get_object(Bucket="the-logs", Key="runs/count/run-1/manifest.json")["Body"].read())
    assert manifest["inputs"] == [made.input]
    assert [(found["bucket"], found["key"]) for found in manifest["objects"]] == [("the-data", f"in/{folder}/a.csv")]


def test_placeholders_in_keys_are_not_expanded(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="in/<< run_id >>/a.csv", Body=b"x")
    made = plan(deployment, {"input": "s3://the-data/in/<< run_id >>/"})
    assert own(made)[1] == "s3://the-data/in/<< run_id >>/"


def test_more_than_a_page_in_moto(deployment: "S3Client") -> None:
    in_pages_of(10, deployment, "ListObjectsV2", "MaxKeys")
    for number in range(25):
        deployment.put_object(Bucket="the-data", Key=f"in/{number}.csv", Body=b"x")
    assert plan(deployment, {}).measured.files == 25


def own(made: Plan) -> list[str]:
    """Return a step's own arguments, those after its script."""
    args = made.steps[0].args
    return args[next(number for number, arg in enumerate(args, 1) if arg.endswith("/count.py")) :]


def created(key: str, size: int) -> dict[str, Any]:
    detail = {"bucket": {"name": "the-data"}, "object": {"key": key, "size": size, "etag": "abc"}}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def edit(specs: Path, old: str, new: str) -> None:
    job = specs / "jobs/count/job.yml"
    assert old in job.read_text()
    job.write_text(job.read_text().replace(old, new))


def test_several_inputs_are_several_arguments(deployment: "S3Client", specs: Path) -> None:
    for key in ("in/a.csv", "more/b.csv", "more/c.json"):
        deployment.put_object(Bucket="the-data", Key=key, Body=b"x")
    inputs = ["s3://the-data/in/", "s3://the-data/more/*.csv"]
    made = plan(deployment, {"input": inputs})
    assert own(made) == ["--input", *inputs, "--run", "run-1"]
    assert (made.input, made.measured.files) == ("s3://the-data/in/ and 1 more", 2)
    edit(specs, '"<< run_id >>"', '"from=<< input >>"')
    assert own(plan(deployment, {}))[-1] == "from=s3://the-data/in/"
    with pytest.raises(RejectionError, match="'from=<< input >>' of step 'count' holds one input, and the run has 2"):
        plan(deployment, {"input": inputs})


def test_a_manifest_names_the_inputs(deployment: "S3Client", specs: Path) -> None:
    for key in ("x/a.csv", "x/b.csv", "x/c.csv"):
        deployment.put_object(Bucket="the-data", Key=key, Body=b"xy")
    deployment.put_object(Bucket="the-data", Key="list", Body=b"s3://the-data/x/a.csv\ns3://the-data/x/c.csv\n")
    made = plan(deployment, {"manifest": "s3://the-data/list"})
    assert own(made)[1:3] == ["s3://the-data/x/a.csv", "s3://the-data/x/c.csv"]
    assert (made.input, made.measured.bytes) == ("s3://the-data/list", 4)
    edit(specs, "[--input, << input >>,", "[--manifest, << manifest >>,")
    made = plan(deployment, {"manifest": "s3://the-data/list"})
    assert own(made)[:2] == ["--manifest", "s3://the-logs/runs/count/run-1/manifest.json"]


def test_too_many_addresses_for_a_step(deployment: "S3Client") -> None:
    lines = [{"url": f"s3://the-data/{number:0200}", "meta": {"content_length": 1}} for number in range(60)]
    deployment.put_object(Bucket="the-data", Key="list", Body=json.dumps({"entries": lines}).encode())
    error, cause = rejection(deployment, {"manifest": "s3://the-data/list"})
    assert error == "StepTooLong"
    assert "<< manifest >>" in cause


def test_what_the_object_created_is(deployment: "S3Client", specs: Path) -> None:
    edit(
        specs,
        "{suffix: _SUCCESS}",
        "{suffix: .csv.gz, input: object}\n  - object_created: {suffix: .list, input: manifest}",
    )
    made = plan(deployment, created("in/not there.csv.gz", 10**9))
    assert made.input == own(made)[1] == "s3://the-data/in/not there.csv.gz"
    assert (made.measured.bytes, made.measured.largest_unsplittable_bytes) == (10**9, 10**9)
    deployment.put_object(Bucket="the-data", Key="in/x.list", Body=b"s3://the-data/in/x.list")
    assert own(plan(deployment, created("in/x.list", 5)))[1] == "s3://the-data/in/x.list"


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
    assert (made.attempt, made.attempts, made.done, made.earlier) == (1, 3, [], [])
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


def remember(short: Sequence[Shortage], seen: datetime.datetime = NOW) -> None:
    put_shortages(aws.dynamodb(), "the-runs", short, seen)


def types_of(fleet: dict[str, Any]) -> set[str]:
    return {kind["InstanceType"] for kind in fleet["InstanceTypeConfigs"]}


def test_a_plan_starts_with_what_was_not_short(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    usual = plan(deployment, {})
    core = usual.cluster.instance_fleets[1]
    short = [Shortage(name, subnet, "on_demand") for name in types_of(core) for subnet in usual.cluster.ec2_subnet_ids]
    remember(short, NOW - REMEMBERED + datetime.timedelta(minutes=1))
    made = plan(deployment, {})
    assert not types_of(core) & types_of(made.cluster.instance_fleets[1])
    assert made.size.core.instance_type == made.cluster.instance_fleets[1]["InstanceTypeConfigs"][0]["InstanceType"]
    assert made.receipt[:-1] == usual.receipt
    assert made.receipt[-1].startswith("EC2 has lately been short of capacity for it; instead: other instance types")
    assert [rung.why for rung in made.ladder] == [
        "the first choice",
        "only the subnet subnet-1",
        "only the subnet subnet-2",
    ]
    assert made.ladder[0].cluster == usual.cluster
    assert plan(deployment, {}, now=NOW + REMEMBERED).cluster == usual.cluster


def test_a_plan_starts_in_the_subnet_where_nothing_was_short(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    usual = plan(deployment, {})
    other, here, there = usual.ladder
    remember([Shortage(name, "subnet-1", "on_demand") for name in types_of(usual.cluster.instance_fleets[1])])
    made = plan(deployment, {})
    assert made.cluster == other.cluster
    assert [rung.why for rung in made.ladder] == [there.why, "the first choice", here.why]
    assert made.ladder[1].cluster == usual.cluster


def test_a_step_and_its_cluster_write_the_event_log_beside_the_manifest(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    made = plan(deployment, {})
    for request in (made.cluster, *(rung.cluster for rung in made.ladder)):
        found = {each["Classification"]: each["Properties"] for each in request.configurations}
        assert found["spark-defaults"]["spark.eventLog.enabled"] == "true"
        assert found["spark-defaults"]["spark.eventLog.dir"].rstrip("/") == made.manifest.rpartition("/")[0]


def test_no_cluster_keeps_the_deadline_and_the_job_refuses(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    ask(specs, "{deadline: 1m, when_nothing_fits: refuse}")
    error, cause = rejection(deployment, {})
    assert error == "NothingFits"
    assert "No cluster of at most 10 nodes (limits.max_nodes) keeps the deadline of 1 min with 90 % conf" in cause
    assert " would keep a deadline of 1" in cause
    assert "'when_nothing_fits: best'" in cause


def test_no_cluster_keeps_the_deadline_and_the_job_takes_the_best(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    ask(specs, "{deadline: 1m, budget_usd: 2.5, confidence: 0.8}")
    made = plan(deployment, {})
    assert made.reasons is not None
    assert (made.reasons.fits, made.reasons.kept) == (False, 0)
    assert (made.reasons.deadline_seconds, made.reasons.budget_usd, made.reasons.confidence) == (60, 2.5, 0.8)
    (warning,) = made.reasons.warnings
    assert "keeps the deadline of 1 min and the budget of $2.50 with 80 % confidence" in warning
    assert made.receipt[6] == f"Warnings: {warning}"
    assert deployment.list_objects_v2(Bucket="the-logs")["KeyCount"] == 1


def test_past_runs_are_named(deployment: "S3Client", specs: Path) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    for number, unfit in enumerate([None, "failed", None]):
        entry = an_entry(f"run-{number}", 3 - number, unfit=unfit, code=code_prefix("count", specs))
        put_history(aws.dynamodb(), "the-runs", entry)
    made = plan(deployment, {})
    assert made.reasons is not None
    assert (made.reasons.runs, made.reasons.run_count) == (["run-2", "run-0"], 2)
    assert made.reasons.left_out == {"failed": 1}
    assert made.receipt[1] == "Known: 2 past runs of this job (run-2, run-0), left out: 1 failed."


def test_a_cluster_spec_whose_types_have_no_room_for_an_executor(
    deployment: "S3Client", catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    small = tuple(known.model_copy(update={"yarn_memory_mib": 3_072}) for known in catalogue.types)
    monkeypatch.setattr(planning, "load_catalogue", lambda _region: catalogue.model_copy(update={"types": small}))
    error, cause = rejection(deployment, {})
    assert error == "JobInvalid"
    assert "cluster spec 'spark' has room for a driver and an executor" in cause


def ask(specs: Path, size: str) -> None:
    job = specs / "jobs/count/job.yml"
    job.write_text(f"{job.read_text()}size: {size}\n")
