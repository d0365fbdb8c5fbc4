"""What is asked of EMR for any shape: EMR takes it, it stays within the limits, and every node of it will do."""

from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from lambdas.sizing.emit import Emitted, emit
from lambdas.sizing.fleets import MAX_FLEET_TYPES
from lambdas.sizing.layout import layout_of
from lambdas.sizing.shapes import Shape
from lambdas.sizing.storage import GIB, needed_gib
from lambdas.specs import Cluster
from lambdas.specs.cluster import SIZED_PROPERTIES
from tests.unit.lambdas.sizing.accepted import CATALOGUE, GROUPS, SPARK, assert_emr_takes, assert_packs, units_of
from tests.unit.lambdas.sizing.shapes_of_all import sized
from tests.unit.lambdas.sizing.yarn import properties

RUN_JOB_FLOW = get_session().get_service_model("emr").operation_model("RunJobFlow").input_shape
SPILLS = st.one_of(st.just(0), st.integers(1, 100 * 1024 * GIB))


def shape_of(name: str, workers: int, cluster: Cluster = SPARK) -> Shape:
    known = CATALOGUE.get(name)
    return Shape(known, workers, layout_of(known), cluster.task_market)


def kinds(emitted: Emitted) -> dict[str, list[dict[str, Any]]]:
    """Return what each fleet or group asks for, by its name."""
    fleets = {fleet["Name"]: fleet["InstanceTypeConfigs"] for fleet in emitted.instance_fleets}
    return fleets | {group["Name"]: [group] for group in emitted.instance_groups}


@given(sized(), SPILLS)
def test_emr_takes_it(sized: tuple[Shape, Cluster], spill: int) -> None:
    shape, cluster = sized
    emitted = emit(shape, 200, cluster, CATALOGUE, spill_bytes=spill)
    assert_emr_takes(emitted, cluster, ("subnet-1",))
    assert RUN_JOB_FLOW is not None
    request = {
        "Name": "run",
        "Instances": {"InstanceFleets": emitted.instance_fleets, "InstanceGroups": emitted.instance_groups},
        "Configurations": emitted.configurations,
        "ManagedScalingPolicy": emitted.managed_scaling,
    }
    assert not ParamValidator().validate(request, RUN_JOB_FLOW).has_errors()


@given(sized(), SPILLS)
def test_no_more_nodes_than_the_shape_has_and_each_will_do(sized: tuple[Shape, Cluster], spill: int) -> None:
    shape, cluster = sized
    emitted = emit(shape, 200, cluster, CATALOGUE, spill_bytes=spill)
    assert bool(emitted.instance_fleets) is (cluster.capacity == "fleets")
    assert bool(emitted.instance_groups) is (cluster.capacity == "groups")
    expected = {"primary": 1, "core": shape.core_nodes} | ({"task": shape.task_nodes} if shape.task_nodes else {})
    assert units_of(emitted) == expected
    assert_packs(emitted, shape.layout)
    limits = emitted.managed_scaling["ComputeLimits"]
    assert limits["MaximumCapacityUnits"] == shape.workers
    assert limits["MinimumCapacityUnits"] == limits["MaximumCoreCapacityUnits"] == shape.core_nodes
    for name, configs in kinds(emitted).items():
        types = [CATALOGUE.get(config["InstanceType"]) for config in configs]
        assert {known.arch for known in types} == {cluster.architecture}
        assert len({known.type for known in types}) == len(types) <= MAX_FLEET_TYPES
        if name == "primary":
            assert types[0].type == cluster.primary_type == emitted.primary_type
            assert not any("EbsConfiguration" in config for config in configs)
        else:
            assert types[0] == shape.instance_type
            assert {known.vcpu for known in types} == {shape.instance_type.vcpu}
            for config, known in zip(configs, types, strict=True):
                assert spill == 0 or disks_gib(config) + known.instance_store_gib >= min(
                    needed_gib(spill, shape.workers), 10 * 1024
                )


def disks_gib(config: dict[str, Any]) -> int:
    devices = config.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs", [])
    return sum(each["VolumesPerInstance"] * each["VolumeSpecification"]["SizeInGB"] for each in devices)


@given(sized())
def test_the_sizes_own_settings_and_no_others(sized: tuple[Shape, Cluster]) -> None:
    shape, cluster = sized
    told = {"spark-defaults": {"a": "b"}, "hdfs-site": {"c": "d"}}
    emitted = emit(shape, 200, cluster.model_copy(update={"configurations": told}), CATALOGUE)
    found = {each["Classification"]: dict(each["Properties"]) for each in emitted.configurations}
    assert found.pop("hdfs-site") == {"c": "d"}
    assert found["spark-defaults"].pop("a") == "b"
    assert {name: frozenset(each) for name, each in found.items()} == SIZED_PROPERTIES
    assert found["spark"] == {"maximizeResourceAllocation": "false"}
    spark = found["spark-defaults"]
    least, first, most = (int(spark[f"spark.dynamicAllocation.{name}Executors"]) for name in ("min", "initial", "max"))
    assert 1 <= least <= first == most == shape.executors


def test_task_nodes_of_many_types_on_spot_and_on_demand_after_a_while() -> None:
    everything = SPARK.model_copy(update={"families": tuple({each.family for each in CATALOGUE.types})})
    task = emit(shape_of("m7g.2xlarge", 10), 200, everything, CATALOGUE).instance_fleets[2]
    assert (task["TargetOnDemandCapacity"], task["TargetSpotCapacity"]) == (0, 8)
    assert task["LaunchSpecifications"] == {
        "SpotSpecification": {
            "TimeoutDurationMinutes": 10,
            "TimeoutAction": "SWITCH_TO_ON_DEMAND",
            "AllocationStrategy": "price-capacity-optimized",
        },
        "OnDemandSpecification": {"AllocationStrategy": "prioritized"},
    }
    types = [config["InstanceType"] for config in task["InstanceTypeConfigs"]]
    assert len(types) >= 6
    assert {name.partition(".")[2] for name in types} == {"2xlarge"}


def test_on_demand_the_chosen_type_comes_first_though_another_is_cheaper() -> None:
    core = emit(shape_of("m7g.2xlarge", 3), 200, SPARK, CATALOGUE).instance_fleets[1]
    first, *others = sorted(core["InstanceTypeConfigs"], key=lambda config: float(config["Priority"]))
    assert core["LaunchSpecifications"] == {"OnDemandSpecification": {"AllocationStrategy": "prioritized"}}
    assert first["InstanceType"] == "m7g.2xlarge"
    assert "m6g.2xlarge" in {config["InstanceType"] for config in others}


@pytest.mark.parametrize(("market", "expected"), [("spot", "SPOT"), ("on_demand", "ON_DEMAND")])
def test_groups_have_one_type_each_and_no_bid(market: str, expected: str) -> None:
    cluster = GROUPS.model_copy(update={"task_market": market})
    emitted = emit(shape_of("m7g.2xlarge", 5, cluster), 200, cluster, CATALOGUE)
    assert [
        (group["InstanceRole"], group["Market"], group["InstanceType"], group["InstanceCount"])
        for group in emitted.instance_groups
    ] == [
        ("MASTER", "ON_DEMAND", "m7g.xlarge", 1),
        ("CORE", "ON_DEMAND", "m7g.2xlarge", 2),
        ("TASK", expected, "m7g.2xlarge", 3),
    ]
    assert not any("BidPrice" in group for group in emitted.instance_groups)
    assert emitted.managed_scaling["ComputeLimits"]["UnitType"] == "Instances"


def test_full_task_nodes_of_a_group_have_no_memory_available() -> None:
    """Else a rule that adds nodes when little memory is available would never act on small nodes."""
    shape = shape_of("m7g.xlarge", 5, GROUPS)
    task = emit(shape, 200, GROUPS, CATALOGUE).instance_groups[2]
    offered = properties(task["Configurations"], "yarn-site")
    assert int(offered["yarn.nodemanager.resource.memory-mb"]) == shape.layout.executors * shape.layout.container_mib
    assert offered["yarn.node-labels.enabled"] == "true"


def test_another_primary_where_its_type_is_short() -> None:
    emitted = emit(shape_of("m7g.2xlarge", 5, GROUPS), 200, GROUPS, CATALOGUE, without=["m7g.xlarge"])
    assert emitted.primary_type != "m7g.xlarge"


def test_disks_are_emrs_own_until_something_is_spilled() -> None:
    shape = shape_of("m7g.2xlarge", 3)
    dry, wet = (emit(shape, 200, SPARK, CATALOGUE, spill_bytes=size) for size in (0, 3 * 1024 * GIB))
    assert not any("EbsConfiguration" in config for configs in kinds(dry).values() for config in configs)
    assert all("EbsConfiguration" in config for name in ("core", "task") for config in kinds(wet)[name])
