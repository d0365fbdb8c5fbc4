"""What another attempt would change, after each kind of failure."""

import pytest

from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.diagnose import Diagnosis
from lambdas.recovery.attempt import follow, next_attempt
from lambdas.recovery.shortages import Shortage
from lambdas.runs.plan import Attempt, ClusterRequest, Plan
from lambdas.sizing.storage import needed_gib
from lambdas.specs import Cluster
from tests.unit.lambdas.plans import CATALOGUE, SPARK, a_plan

FINAL = [each for each in FailureClass if each.action is Action.FAIL_NOW]
ATTEMPT = Attempt(
    number=1,
    cluster_id="j-1",
    failed_state="Run step clean",
    failure_class="executor_out_of_memory",
    action="retry_more_memory",
    change="more memory",
)


def after(
    plan: Plan,
    failure: FailureClass,
    *,
    action: Action | None = None,
    cluster: Cluster = SPARK,
    shortages: tuple[Shortage, ...] = (),
) -> tuple[Plan, str] | None:
    diagnosis = Diagnosis(failure, action or failure.action, 0.9, ())
    return next_attempt(plan, diagnosis, cluster, CATALOGUE, shortages)


def changed(plan: Plan, failure: FailureClass, **more: object) -> tuple[Plan, str]:
    found = after(plan, failure, **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def defaults(plan: Plan) -> dict[str, str]:
    found = {each["Classification"]: each["Properties"] for each in plan.cluster.configurations}
    return dict(found["spark-defaults"])


def test_what_is_never_tried_again() -> None:
    assert {
        FailureClass.APPLICATION_ERROR,
        FailureClass.S3_DENIED,
        FailureClass.VALIDATION,
        FailureClass.OUTPUT_EXISTS,
        FailureClass.INPUT_MISSING,
        FailureClass.BOOTSTRAP_FAILURE,
        FailureClass.CANCELLED_OR_KILLED,
        FailureClass.TIMEOUT,
        FailureClass.UNKNOWN,
        FailureClass.DISK_FULL,
    } == set(FINAL)


@pytest.mark.parametrize("failure", FINAL)
def test_a_failure_that_would_repeat_itself_is_final(failure: FailureClass) -> None:
    assert after(a_plan(), failure) is None


@pytest.mark.parametrize("failure", [each for each in FailureClass if each not in FINAL])
def test_attempts_are_bounded(failure: FailureClass) -> None:
    plan = a_plan(attempts=3)
    assert after(plan, failure) is not None
    assert after(plan.model_copy(update={"attempt": 2}), failure) is not None
    assert after(plan.model_copy(update={"attempt": 3}), failure) is None
    assert after(plan.model_copy(update={"attempts": 1}), failure) is None


@pytest.mark.parametrize(
    "failure", [FailureClass.NODE_LOST_OR_SPOT, FailureClass.S3_THROTTLED, FailureClass.API_THROTTLED]
)
def test_what_passes_by_itself_is_tried_again_unchanged(failure: FailureClass) -> None:
    plan = a_plan()
    assert after(plan, failure) == (plan, "the same again")


def test_a_shortage_takes_the_next_rung() -> None:
    plan = a_plan(1_000)
    seen = []
    for rung in plan.ladder:
        before = plan
        plan, words = changed(plan, FailureClass.CAPACITY_SHORTAGE)
        assert words == rung.why
        assert (plan.size, plan.estimate, plan.cluster) == (rung.size, rung.estimate, rung.cluster)
        assert plan.ladder == before.ladder[1:]
        seen.append(words)
    assert seen[1:] == ["only the subnet subnet-1", "only the subnet subnet-2", "task nodes on demand from the start"]
    assert after(plan, FailureClass.CAPACITY_SHORTAGE) is None


def test_shortages_order_the_rungs() -> None:
    plan = a_plan(1_000)
    core = plan.cluster.instance_fleets[1]
    names = [kind["InstanceType"] for kind in core["InstanceTypeConfigs"]]
    everywhere = tuple(Shortage(name, subnet, "on_demand") for name in names for subnet in ("subnet-1", "subnet-2"))
    found, words = changed(plan, FailureClass.CAPACITY_SHORTAGE, shortages=everywhere)
    assert words == plan.ladder[0].why
    assert [rung.why for rung in found.ladder] == [rung.why for rung in plan.ladder[1:]]
    here = tuple(short for short in everywhere if short.subnet == "subnet-1")
    without_other = plan.model_copy(update={"ladder": plan.ladder[1:]})
    assert changed(without_other, FailureClass.CAPACITY_SHORTAGE)[1] == "only the subnet subnet-1"
    found, words = changed(without_other, FailureClass.CAPACITY_SHORTAGE, shortages=here)
    assert words == "only the subnet subnet-2"
    assert [rung.why for rung in found.ladder] == ["task nodes on demand from the start", "only the subnet subnet-1"]


def test_an_executor_out_of_memory_gets_more_and_smaller_parts() -> None:
    plan = a_plan(100)
    found, words = changed(plan, FailureClass.EXECUTOR_OUT_OF_MEMORY)
    before, after_it = plan.size, found.size
    assert after_it.executor_memory_mib / after_it.executor_cores > before.executor_memory_mib / before.executor_cores
    assert after_it.driver_memory_mib == before.driver_memory_mib
    assert after_it.workers == before.workers
    assert after_it.shuffle_partitions == 2 * before.shuffle_partitions
    assert defaults(found)["spark.executor.memory"] == f"{after_it.executor_memory_mib}m"
    assert defaults(found)["spark.sql.shuffle.partitions"] == str(after_it.shuffle_partitions)
    assert found.cluster.instance_fleets[1]["InstanceTypeConfigs"][0]["InstanceType"] == after_it.core.instance_type
    assert found.cluster.name == plan.cluster.name
    assert found.cluster.ec2_subnet_ids == plan.cluster.ec2_subnet_ids
    assert found.estimate.usd > plan.estimate.usd
    assert words.startswith(f"more memory: {after_it.core.instance_type}, ")
    assert f"instead of {before.core.instance_type}, " in words


def disks(request: ClusterRequest) -> list[int]:
    """Return the GiB of each core or task node of the type tried first."""
    fleets = [fleet["InstanceTypeConfigs"][0] for fleet in request.instance_fleets[1:]]
    specified = [device for first in fleets for device in first["EbsConfiguration"]["EbsBlockDeviceConfigs"]]
    return [each["VolumesPerInstance"] * each["VolumeSpecification"]["SizeInGB"] for each in specified]


@pytest.mark.parametrize("failure", [FailureClass.EXECUTOR_OUT_OF_MEMORY, FailureClass.DRIVER_OUT_OF_MEMORY])
def test_more_memory_leaves_the_disks_for_what_is_spilled(failure: FailureClass) -> None:
    plan = a_plan(1_000)
    assert plan.reasons is not None
    found, _ = changed(plan, failure)
    needed = needed_gib(plan.reasons.spill_bytes, found.size.workers)
    assert needed > CATALOGUE.get(found.size.core.instance_type).ebs_gib
    for request in (found.cluster, *(rung.cluster for rung in found.ladder)):
        assert all(room >= needed for room in disks(request))


def test_a_plan_without_reasons_leaves_the_disks_to_emr() -> None:
    plan = a_plan(1_000).model_copy(update={"reasons": None})
    found, _ = changed(plan, FailureClass.EXECUTOR_OUT_OF_MEMORY)
    assert not any(
        "EbsConfiguration" in config
        for fleet in found.cluster.instance_fleets
        for config in fleet["InstanceTypeConfigs"]
    )


def test_more_memory_costs_more_and_takes_as_long() -> None:
    plan = a_plan(100)
    found, _ = changed(plan, FailureClass.EXECUTOR_OUT_OF_MEMORY)
    before, after_it = plan.estimate, found.estimate
    assert (after_it.minutes, after_it.minutes_interval) == (before.minutes, before.minutes_interval)
    assert before.usd_interval is not None
    assert after_it.usd_interval is not None
    assert after_it.usd_interval[0] > before.usd_interval[0]
    assert after_it.usd_interval[1] > before.usd_interval[1]
    older = plan.model_copy(update={"estimate": before.model_copy(update={"usd_interval": None})})
    assert changed(older, FailureClass.EXECUTOR_OUT_OF_MEMORY)[0].estimate.usd_interval is None


def test_on_demand_is_dearer() -> None:
    plan = a_plan(1_000)
    last = plan.ladder[-1]
    assert last.why == "task nodes on demand from the start"
    assert last.estimate.usd > plan.estimate.usd
    assert last.estimate.minutes == plan.estimate.minutes


def test_another_attempt_writes_its_event_log_to_the_runs_folder() -> None:
    plan = a_plan(100)
    found, _ = changed(plan, FailureClass.EXECUTOR_OUT_OF_MEMORY)
    for each in (plan, found):
        assert defaults(each)["spark.eventLog.dir"] == plan.manifest.removesuffix("manifest.json")


def test_a_driver_out_of_memory_gets_twice_the_heap() -> None:
    plan = a_plan(100)
    found, words = changed(plan, FailureClass.DRIVER_OUT_OF_MEMORY)
    assert found.size.driver_memory_mib == 2 * plan.size.driver_memory_mib
    assert found.size.shuffle_partitions == plan.size.shuffle_partitions
    assert defaults(found)["spark.driver.memory"] == f"{found.size.driver_memory_mib}m"
    assert f"driver {found.size.driver_memory_mib:,} MiB instead of" in words


def test_more_memory_brings_a_ladder_of_its_own_size() -> None:
    found, _ = changed(a_plan(100), FailureClass.EXECUTOR_OUT_OF_MEMORY)
    assert [rung.cluster.ec2_subnet_ids for rung in found.ladder] == [["subnet-1"], ["subnet-2"]]
    assert {rung.size.executor_memory_mib for rung in found.ladder} == {found.size.executor_memory_mib}
    assert all(rung.cluster.instance_fleets == found.cluster.instance_fleets for rung in found.ladder)
    alone, _ = changed(a_plan(100, subnets=("subnet-1",)), FailureClass.EXECUTOR_OUT_OF_MEMORY)
    assert alone.ladder == []


def test_memory_goes_on_growing_and_ends() -> None:
    plan, sizes = a_plan(100, attempts=100), []
    while (found := after(plan, FailureClass.EXECUTOR_OUT_OF_MEMORY)) is not None:
        plan, _ = found
        sizes.append(plan.size.executor_memory_mib / plan.size.executor_cores)
        assert len(sizes) < 10
    assert sizes == sorted(set(sizes))
    assert plan.size.executor_cores == 1


def test_more_memory_keeps_the_market_of_the_rung_in_use() -> None:
    plan = a_plan(1_000)
    rung = plan.ladder[-1]
    assert rung.size.task_market == "on_demand"
    on_demand = plan.model_copy(update={"size": rung.size, "estimate": rung.estimate, "cluster": rung.cluster})
    found, _ = changed(on_demand, FailureClass.EXECUTOR_OUT_OF_MEMORY)
    assert found.size.task_market == "on_demand"
    assert all(fleet["TargetSpotCapacity"] == 0 for fleet in found.cluster.instance_fleets)


def test_a_signature_may_know_better_than_its_class() -> None:
    plan = a_plan()
    assert after(plan, FailureClass.BOOTSTRAP_FAILURE, action=Action.RETRY_AS_IS) == (plan, "the same again")
    assert after(plan, FailureClass.TIMEOUT, action=Action.NEXT_CAPACITY) is not None


def test_the_next_attempt_remembers_and_resumes() -> None:
    plan = a_plan()
    second = follow(plan, ATTEMPT, {"clean"})
    assert (second.attempt, second.done, second.earlier) == (2, ["clean"], [ATTEMPT])
    assert second.steps_left == ["summarise"]
    assert second.steps == plan.steps
    third = follow(second, ATTEMPT.model_copy(update={"number": 2}), ())
    assert third.done == ["clean"]
    assert [attempt.number for attempt in third.earlier] == [1, 2]
    assert Plan.model_validate(third.as_document()) == third
