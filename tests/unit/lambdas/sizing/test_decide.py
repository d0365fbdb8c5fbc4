"""The size of a run: it fits what it is asked for, follows past runs, and says so when nothing does."""

import time
from dataclasses import replace

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from lambdas.sizing import Asked, Known, weigh_sizes
from lambdas.sizing.expect import ASSUMED_PROVISION_SECONDS
from lambdas.sizing.fleets import MAX_FLEET_TYPES
from lambdas.sizing.shapes import candidate_shapes
from lambdas.specs import Cluster
from lambdas.specs.catalogue import allowed_types
from tests.unit.lambdas.sizing.accepted import CATALOGUE, GROUPS, INTEL, SPARK, assert_packs, units_of
from tests.unit.lambdas.sizing.sizes import (
    ASKED,
    BIG,
    GIGABYTE,
    HOUR,
    HUNDRED_GB,
    NOTHING,
    ONE_GZIP,
    SMALL,
    asking,
    decided,
    known_by,
    past_run,
    weighed,
)
from tests.unit.lambdas.sizing.strategies import PARTS, measurement

RUN_JOB_FLOW = get_session().get_service_model("emr").operation_model("RunJobFlow").input_shape
CLUSTERS = st.sampled_from([SPARK, INTEL, GROUPS])
MAX_NODES = st.integers(2, 40)
LIMITS = st.one_of(st.none(), st.floats(0.5, 24))
CLASSES = st.sampled_from([None, "scan", "shuffle", "ml-iterative", "no class"])
Parts = list[tuple[Kind, int, int]]

M7G = "m7g.2xlarge"
NODES = (2, 4, 8, 16, 32)

# A serial job: more nodes gain next to nothing. And one that scales: twice the nodes, half the time.
STOPS_HELPING = known_by(*[past_run(M7G, nodes, 1_800 + 600 / nodes) for nodes in NODES for _ in range(2)])
SCALES = known_by(*[past_run(M7G, nodes, 8 * HOUR / nodes) for nodes in NODES for _ in range(2)])

# The most processor time one decision may take here. A busy neighbour on the same core doubles it.
MOST_SECONDS = 0.25


@settings(max_examples=20)
@given(PARTS, CLUSTERS, MAX_NODES, LIMITS, LIMITS, CLASSES)
def test_what_is_asked_for_fits(
    parts: Parts, cluster: Cluster, max_nodes: int, hours: float | None, budget: float | None, job_class: str | None
) -> None:
    deadline = hours * HOUR if hours else None
    decision = decided(measurement(parts), asking(max_nodes, deadline, budget, job_class=job_class), cluster=cluster)
    shape, emitted = decision.shape, decision.emitted
    units = units_of(emitted)
    assert sum(units.values()) == shape.workers + 1 <= max_nodes
    assert units == {"primary": 1, "core": shape.core_nodes} | ({"task": shape.task_nodes} if shape.task_nodes else {})
    assert shape.market == cluster.task_market
    assert shape.instance_type in allowed_types(CATALOGUE, cluster)
    assert bool(emitted.instance_groups) is (cluster.capacity == "groups")
    for fleet in emitted.instance_fleets:
        types = [CATALOGUE.get(config["InstanceType"]) for config in fleet["InstanceTypeConfigs"]]
        assert len({known.type for known in types}) == len(types) <= MAX_FLEET_TYPES
        assert {known.arch for known in types} == {cluster.architecture}
        assert all(config["WeightedCapacity"] == 1 for config in fleet["InstanceTypeConfigs"])
    assert_packs(emitted, shape.layout)
    limits = emitted.managed_scaling["ComputeLimits"]
    assert limits["MinimumCapacityUnits"] == limits["MaximumCoreCapacityUnits"] == shape.core_nodes
    assert limits["MaximumCapacityUnits"] == shape.workers
    assert decision.shuffle_partitions >= max(2 * shape.vcpus, decision.need.tasks)
    assert 0 <= decision.kept <= 1 + 1e-9
    assert decision.fits is (decision.would_keep is None)
    if decision.fits:
        assert decision.kept >= 0.9 - 1e-9
    assert RUN_JOB_FLOW is not None
    request = {
        "Name": "run",
        "Instances": {"InstanceFleets": emitted.instance_fleets, "InstanceGroups": emitted.instance_groups},
        "Configurations": emitted.configurations,
        "ManagedScalingPolicy": emitted.managed_scaling,
    }
    assert not ParamValidator().validate(request, RUN_JOB_FLOW).has_errors()


@settings(max_examples=6)
@given(PARTS, CLUSTERS, MAX_NODES, st.sampled_from([NOTHING, STOPS_HELPING]))
def test_same_answer_twice(parts: Parts, cluster: Cluster, max_nodes: int, known: Known) -> None:
    measured, asked = measurement(parts), asking(max_nodes, deadline=2 * HOUR)
    first, second = (decided(measured, asked, known, cluster) for _ in range(2))
    assert first == second


def test_small_input_takes_one_worker() -> None:
    decision = decided(SMALL)
    assert [fleet["Name"] for fleet in decision.emitted.instance_fleets] == ["primary", "core"]
    assert decision.shape.workers == 1
    assert decision.shape.vcpus == 4
    assert decision.estimate.usd.high < 0.2
    assert decision.fits
    assert decision.kept == pytest.approx(1)


def test_settings_are_the_sized_ones_over_the_specs() -> None:
    cluster = SPARK.model_copy(update={"configurations": {"spark-defaults": {"a": "b"}, "hdfs-site": {"c": "d"}}})
    decision = decided(SMALL, Asked(4), cluster=cluster)
    found = {each["Classification"]: each["Properties"] for each in decision.emitted.configurations}
    assert found["hdfs-site"] == {"c": "d"}
    assert found["spark-defaults"]["a"] == "b"
    assert found["spark-defaults"]["spark.sql.shuffle.partitions"] == str(decision.shuffle_partitions)
    assert found["spark-defaults"]["spark.executor.memory"] == f"{decision.shape.layout.heap_mib}m"


def test_a_job_whose_runs_show_that_more_nodes_stop_helping_gets_few() -> None:
    serial, scaling = (decided(HUNDRED_GB, ASKED, known) for known in (STOPS_HELPING, SCALES))
    assert serial.shape.vcpus <= 32
    assert scaling.shape.vcpus >= 2 * serial.shape.vcpus
    assert serial.estimate.runtime_seconds.median == pytest.approx(0.6 * HOUR, rel=0.5)


def test_a_job_that_scales_gets_more_nodes_under_a_deadline() -> None:
    slow, fast = (decided(HUNDRED_GB, asking(deadline=hours * HOUR), SCALES) for hours in (3, 0.75))
    assert slow.fits
    assert fast.fits
    assert fast.shape.vcpus > slow.shape.vcpus
    assert fast.estimate.minutes.median < 45
    assert fast.estimate.usd.median >= slow.estimate.usd.median


def test_more_confidence_is_never_slower() -> None:
    unsure, sure = (
        decided(HUNDRED_GB, asking(deadline=1.5 * HOUR, confidence=confidence), SCALES) for confidence in (0.6, 0.99)
    )
    assert sure.fits
    assert sure.kept >= 0.99
    assert sure.estimate.minutes.high <= unsure.estimate.minutes.high


def test_a_budget_alone_buys_the_fastest() -> None:
    cheapest = decided(HUNDRED_GB, ASKED, SCALES)
    budget = 2 * cheapest.estimate.usd.high
    bought = decided(HUNDRED_GB, asking(budget=budget), SCALES)
    assert bought.fits
    assert bought.estimate.minutes.median < cheapest.estimate.minutes.median
    assert bought.estimate.usd.high <= budget * 1.01


def test_deadline_and_budget_are_kept_together() -> None:
    decision = decided(HUNDRED_GB, asking(deadline=2 * HOUR, budget=5), SCALES)
    assert decision.fits
    assert decision.estimate.minutes.high < 120
    assert decision.estimate.usd.high < 5
    neither = decided(HUNDRED_GB, asking(deadline=0.5 * HOUR, budget=0.5), SCALES)
    assert not neither.fits
    assert neither.would_keep is not None
    assert neither.would_keep.deadline is not None
    assert neither.would_keep.budget is not None


KNOWNS = st.sampled_from([NOTHING, STOPS_HELPING, SCALES])
INPUTS = st.sampled_from([SMALL, HUNDRED_GB, ONE_GZIP])


@settings(max_examples=8)
@given(INPUTS, st.integers(2, 12), st.floats(1, 20), st.floats(0.5, 0.95), KNOWNS, CLASSES)
def test_a_deadline_that_is_offered_is_kept_when_asked_for(
    measured: Measurement, max_nodes: int, minutes: float, confidence: float, known: Known, job_class: str | None
) -> None:
    missed = asking(max_nodes, minutes * 60, None, confidence, job_class)
    decision = decided(measured, missed, known)
    if decision.would_keep is None:
        return
    offer = decision.would_keep.deadline
    assert offer is not None
    assert decision.would_keep.budget is None
    assert offer.below >= minutes
    assert offer.below == int(offer.below)
    assert decided(measured, asking(max_nodes, 60 * offer.below, None, confidence, job_class), known).fits


@settings(max_examples=8)
@given(INPUTS, st.integers(2, 12), st.floats(0.5, 0.95), KNOWNS, CLASSES)
def test_a_budget_that_is_offered_is_kept_when_asked_for(
    measured: Measurement, max_nodes: int, confidence: float, known: Known, job_class: str | None
) -> None:
    decision = decided(measured, asking(max_nodes, None, 0.01, confidence, job_class), known)
    assert not decision.fits
    assert decision.would_keep is not None
    assert decision.would_keep.deadline is None
    offer = decision.would_keep.budget
    assert offer is not None
    assert decided(measured, asking(max_nodes, None, float(f"{offer.below:.2f}"), confidence, job_class), known).fits


def test_no_deadline_before_a_cluster_can_start() -> None:
    decision = decided(SMALL, asking(deadline=ASSUMED_PROVISION_SECONDS))
    assert not decision.fits
    assert decision.kept == 0
    assert decision.would_keep is not None
    assert decision.would_keep.deadline is not None
    assert 8 < decision.would_keep.deadline.below < 30


def test_one_long_file_is_not_read_faster_by_more_cores() -> None:
    decision = decided(ONE_GZIP)
    assert decision.need.max_tasks == 1
    assert decision.shape.workers == 1
    assert decision.shape.vcpus == 4


@settings(max_examples=6)
@given(st.sets(st.sampled_from(CATALOGUE.types), max_size=100), MAX_NODES)
def test_types_that_are_left_out(types: set[object], max_nodes: int) -> None:
    without = {known.type for known in CATALOGUE.types if known in types}
    decision = weighed(HUNDRED_GB, Asked(max_nodes)).decide(without)
    for fleet in decision.emitted.instance_fleets if decision else []:
        assert not {config["InstanceType"] for config in fleet["InstanceTypeConfigs"]} & without


def test_nothing_when_no_type_is_left() -> None:
    assert weighed(HUNDRED_GB).decide({known.type for known in CATALOGUE.types}) is None
    tiny = CATALOGUE.get("m7g.xlarge").model_copy(update={"yarn_memory_mib": 3_000})
    narrow = CATALOGUE.model_copy(update={"types": (tiny,)})
    assert weigh_sizes(HUNDRED_GB, ASKED, NOTHING, SPARK, narrow) is None


def test_a_job_that_fell_off_the_memory_cliff_gets_more_memory() -> None:
    # The same cores: with 4 GiB a core the job thrashes, with 8 it does not, and takes a tenth.
    thrashing = [past_run("m7g.2xlarge", nodes, 40 * HOUR / nodes) for nodes in (4, 8, 16)]
    fitting = [past_run("r7g.2xlarge", nodes, 4 * HOUR / nodes) for nodes in (4, 8, 16)]
    cliff = known_by(*thrashing * 2, *fitting * 2)
    flat = known_by(*[replace(run, seconds=run.seconds / 10) for run in thrashing * 2], *fitting * 2)
    spared, needed = (decided(HUNDRED_GB, ASKED, known).shape for known in (flat, cliff))
    assert needed.instance_type.family.startswith("r")
    per_core = [each.instance_type.memory_gib / each.instance_type.vcpu for each in (spared, needed)]
    assert per_core[0] < per_core[1] == 8


def test_disks_follow_what_past_runs_spilled() -> None:
    dry, wet = (decided(HUNDRED_GB, ASKED, replace(SCALES, spill_share=share)) for share in (0.01, 20.0))
    assert wet.need.spill_bytes == 3_000 * GIGABYTE
    assert wet.estimate.usd.median > dry.estimate.usd.median


def test_a_decision_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [
        past_run(name, nodes, 9_000 / nodes + 60 + number, (50 + number) * GIGABYTE)
        for number in range(10)
        for name in ("m7g.2xlarge", "c7g.4xlarge", "r7g.xlarge", "m6g.4xlarge")
        for nodes in (2, 4, 8, 16, 24)
    ]
    known, asked = known_by(*runs), asking(60, deadline=2 * HOUR)
    shapes = len(candidate_shapes(SPARK, CATALOGUE, 60))
    assert len(runs) == 200
    assert 450 <= shapes <= 700
    taken = []
    for _ in range(3):
        start = time.process_time()
        decided(BIG, asked, known)
        taken.append(time.process_time() - start)
    with capsys.disabled():
        print(f"\n{shapes} candidates, 200 past runs: {1_000 * min(taken):.0f} ms")
    assert min(taken) < MOST_SECONDS
