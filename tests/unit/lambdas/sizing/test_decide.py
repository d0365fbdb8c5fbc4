from decimal import Decimal

from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.sizing import decide_size
from lambdas.sizing.fleets import MAX_FLEET_TYPES
from lambdas.sizing.layout import layout_of
from lambdas.sizing.need import predict_need
from lambdas.sizing.shapes import choose_shape
from lambdas.specs import Catalogue, Cluster, load_catalogue, load_cluster
from lambdas.specs.cluster import SIZED_PROPERTIES
from tests.unit.lambdas.sizing.strategies import KINDS, PARTS, measurement

CATALOGUE = load_catalogue("us-east-1")
SPARK = load_cluster("spark")
INTEL = SPARK.model_copy(
    update={
        "architecture": "x86_64",
        "primary_type": "m5.xlarge",
        "families": ("m5", "r5", "c5"),
        "task_market": "on_demand",
    }
)
RUN_JOB_FLOW = get_session().get_service_model("emr").operation_model("RunJobFlow").input_shape
CLUSTERS = st.sampled_from([SPARK, INTEL])
MAX_NODES = st.integers(2, 40)


@given(PARTS, CLUSTERS, MAX_NODES)
def test_what_is_asked_for_fits(parts: list[tuple[Kind, int, int]], cluster: Cluster, max_nodes: int) -> None:
    decision = decide_size(measurement(parts), cluster, CATALOGUE, max_nodes, 2)
    shape, layout = decision.shape, decision.shape.layout
    fleets = {fleet["Name"]: fleet for fleet in decision.emitted.instance_fleets}

    units = {name: fleet["TargetOnDemandCapacity"] + fleet["TargetSpotCapacity"] for name, fleet in fleets.items()}
    assert sum(units.values()) <= max_nodes
    assert units["primary"] == 1
    assert units["core"] == shape.core_nodes >= 1
    assert units.get("task", 0) == shape.task_nodes
    assert ("task" in fleets) == (shape.task_nodes > 0)

    for name, fleet in fleets.items():
        types = [CATALOGUE.get(config["InstanceType"]) for config in fleet["InstanceTypeConfigs"]]
        assert len({known.type for known in types}) == len(types) <= MAX_FLEET_TYPES
        assert {known.arch for known in types} == {cluster.architecture}
        assert all(config["WeightedCapacity"] == 1 for config in fleet["InstanceTypeConfigs"])
        if name != "primary":
            smallest = min(known.yarn_memory_mib for known in types)
            driver = layout.driver_heap_mib + layout.driver_overhead_mib
            assert layout.executors * layout.container_mib + driver <= smallest
            assert {known.vcpu for known in types} == {shape.instance_type.vcpu}
            assert types[0] == shape.instance_type

    limits = decision.emitted.managed_scaling["ComputeLimits"]
    assert limits["MinimumCapacityUnits"] == limits["MaximumCoreCapacityUnits"] == shape.core_nodes
    assert limits["MaximumCapacityUnits"] == shape.workers
    assert decision.shuffle_partitions >= 2 * shape.vcpus
    assert len(decision.receipt) == 5
    assert all("\n" not in line and line for line in decision.receipt)


@given(PARTS, CLUSTERS, MAX_NODES)
def test_same_answer_twice(parts: list[tuple[Kind, int, int]], cluster: Cluster, max_nodes: int) -> None:
    measured = measurement(parts)
    assert decide_size(measured, cluster, CATALOGUE, max_nodes, 2) == decide_size(
        measured, cluster, CATALOGUE, max_nodes, 2
    )


@given(
    st.sampled_from(KINDS),
    st.tuples(st.integers(1, 5_000), st.integers(1, 20 * 10**9)),
    st.integers(0, 5_000),
    st.integers(0, 20 * 10**9),
    CLUSTERS,
    MAX_NODES,
)
def test_more_data_never_needs_less_nor_costs_less_an_hour(
    kind: Kind, first: tuple[int, int], files: int, size: int, cluster: Cluster, max_nodes: int
) -> None:
    less = measurement([(kind, *first)])
    more = measurement([(kind, first[0] + files, first[1] + size)])
    small, big = (decide_size(measured, cluster, CATALOGUE, max_nodes, 1) for measured in (less, more))
    assert big.need.cores >= small.need.cores
    assert big.need.memory_mib >= small.need.memory_mib
    if big.shape.has(big.need):
        assert big.shape.usd_per_hour >= small.shape.usd_per_hour


@given(PARTS, CLUSTERS, MAX_NODES)
def test_nothing_sufficient_is_cheaper(parts: list[tuple[Kind, int, int]], cluster: Cluster, max_nodes: int) -> None:
    measured = measurement(parts)
    choice = choose_shape(predict_need(measured), cluster, CATALOGUE, max_nodes)
    if choice.is_enough:
        assert all(other.usd_per_hour >= choice.shape.usd_per_hour for other in choice.alternatives)


@given(PARTS, CLUSTERS)
def test_enough_unless_it_says_so(parts: list[tuple[Kind, int, int]], cluster: Cluster) -> None:
    decision = decide_size(measurement(parts), cluster, CATALOGUE, 12, 1)
    warned = "limits.max_nodes" in decision.receipt[4]
    assert decision.shape.has(decision.need) is not warned


def test_small_input_takes_one_worker_on_demand() -> None:
    decision = decide_size(measurement([(Kind("parquet", "none"), 1, 1_000)]), SPARK, CATALOGUE, 40, 2)
    assert [fleet["Name"] for fleet in decision.emitted.instance_fleets] == ["primary", "core"]
    assert decision.shape.workers == 1
    assert decision.estimate.usd < 0.2
    assert decision.receipt[0].startswith("Measured: 1,000 bytes in 1 file (parquet), the largest")
    assert decision.receipt[4].endswith("Warnings: none.")


def test_task_nodes_fall_back_to_on_demand() -> None:
    decision = decide_size(measurement([(Kind("csv", "none"), 2_400, 125_000_000)]), SPARK, CATALOGUE, 40, 2)
    task = decision.emitted.instance_fleets[2]
    assert (task["TargetOnDemandCapacity"], task["TargetSpotCapacity"]) == (0, decision.shape.task_nodes)
    assert task["LaunchSpecifications"]["SpotSpecification"] == {
        "TimeoutDurationMinutes": 10,
        "TimeoutAction": "SWITCH_TO_ON_DEMAND",
        "AllocationStrategy": "price-capacity-optimized",
    }
    assert (
        decision.emitted.managed_scaling["ComputeLimits"]["MaximumOnDemandCapacityUnits"] == decision.shape.core_nodes
    )


def test_settings_are_the_sized_ones_over_the_specs() -> None:
    cluster = SPARK.model_copy(update={"configurations": {"spark-defaults": {"a": "b"}, "hdfs-site": {"c": "d"}}})
    decision = decide_size(measurement([(Kind("csv", "none"), 1, 10)]), cluster, CATALOGUE, 4, 1)
    found = {each["Classification"]: each["Properties"] for each in decision.emitted.configurations}
    assert found["hdfs-site"] == {"c": "d"}
    assert found["spark-defaults"].pop("a") == "b"
    assert {name: set(found[name]) for name in SIZED_PROPERTIES} == SIZED_PROPERTIES
    assert all(isinstance(value, str) for properties in found.values() for value in properties.values())


def test_too_much_takes_the_biggest_and_says_so() -> None:
    decision = decide_size(measurement([(Kind("csv", "none"), 10**6, 10**8)]), SPARK, CATALOGUE, 10, 1)
    assert decision.shape.workers == 9
    assert decision.shape.yarn_memory_mib == 9 * max(
        known.yarn_memory_mib for known in CATALOGUE.types if known.family in SPARK.families
    )
    assert "10 nodes (limits.max_nodes) give 288 cores" in decision.receipt[4]


def test_one_long_file_is_warned_about() -> None:
    decision = decide_size(measurement([(Kind("csv", "gzip"), 1, 50 * 10**9)]), SPARK, CATALOGUE, 10, 1)
    assert decision.need.tasks == 1
    assert decision.estimate.minutes > 80
    assert "One task reads a file of 46.6 GiB alone" in decision.receipt[4]


def test_layout_of_every_type(catalogue: Catalogue) -> None:
    for each in catalogue.types:
        layout = layout_of(each)
        assert layout.node_mib <= each.yarn_memory_mib
        assert layout.container_mib % 32 == 0
        assert layout.is_sound
        assert layout.heap_mib >= 2_048
        assert layout.overhead_mib >= max(384, layout.heap_mib / 10)
        assert layout.executors * layout.cores <= each.vcpu


def test_price_of_a_shape_counts_spot() -> None:
    shape = decide_size(measurement([(Kind("csv", "none"), 2_400, 125_000_000)]), SPARK, CATALOGUE, 40, 2).shape
    known = shape.instance_type
    ec2 = known.ec2_usd_per_hour * (shape.core_nodes + Decimal("0.4") * shape.task_nodes)
    assert shape.usd_per_hour == ec2 + known.emr_usd_per_hour * shape.workers


@given(PARTS, CLUSTERS, MAX_NODES)
def test_emr_knows_every_key(parts: list[tuple[Kind, int, int]], cluster: Cluster, max_nodes: int) -> None:
    decision = decide_size(measurement(parts), cluster, CATALOGUE, max_nodes, 1)
    request = {
        "Name": "run",
        "Instances": {"InstanceFleets": decision.emitted.instance_fleets},
        "Configurations": decision.emitted.configurations,
        "ManagedScalingPolicy": decision.emitted.managed_scaling,
    }
    assert RUN_JOB_FLOW is not None
    assert not ParamValidator().validate(request, RUN_JOB_FLOW).has_errors()
