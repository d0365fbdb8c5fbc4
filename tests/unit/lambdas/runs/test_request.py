from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.history.event_log import with_event_log
from lambdas.inputs.formats import Kind
from lambdas.runs.request import cluster_name, cluster_request, shape_of, size_of
from lambdas.sizing import Asked
from lambdas.sizing.emit import emit
from lambdas.sizing.memory import more_driver_memory, more_executor_memory
from lambdas.sizing.shapes import Shape
from lambdas.specs import Catalogue, Cluster
from scripts.local.emr.validation import FORBIDDEN_IN_NAMES
from tests.unit.lambdas.plans import FOLDER
from tests.unit.lambdas.sizing.accepted import CATALOGUE, INTEL, SPARK
from tests.unit.lambdas.sizing.sizes import SMALL, decided
from tests.unit.lambdas.sizing.strategies import PARTS, measurement

Grow = Callable[[Shape, Cluster, Catalogue], Shape | None]
GROW = st.lists(st.sampled_from([more_executor_memory, more_driver_memory]), max_size=3)


@settings(max_examples=20)
@given(PARTS, st.sampled_from([SPARK, INTEL]), st.integers(2, 40), GROW)
def test_a_plan_holds_all_of_a_size(
    parts: list[tuple[Kind, int, int]], cluster: Cluster, max_nodes: int, grow: list[Grow]
) -> None:
    """The next attempt goes on from what the plan says, not from what would be chosen anew."""
    shape = decided(measurement(parts), Asked(max_nodes), cluster=cluster).shape
    for bigger in grow:
        shape = bigger(shape, cluster, CATALOGUE) or shape
    emitted = emit(shape, 200, cluster, CATALOGUE)
    size = size_of(shape, 200, emitted, cluster.task_market)
    assert shape_of(size, CATALOGUE) == shape
    assert size.primary.instance_type == emitted.instance_fleets[0]["InstanceTypeConfigs"][0]["InstanceType"]
    assert size.core.count + size.task.count == size.workers == shape.workers


def test_the_request_in_emrs_names() -> None:
    decision = decided(SMALL, Asked(4))
    request = cluster_request("run", decision.emitted, ("subnet-1",), FOLDER)
    assert request.model_dump(by_alias=True) == {
        "Name": "run",
        "Ec2SubnetIds": ["subnet-1"],
        "InstanceFleets": decision.emitted.instance_fleets,
        "Configurations": with_event_log(decision.emitted.configurations, FOLDER),
        "ManagedScalingPolicy": decision.emitted.managed_scaling,
    }


@given(st.text(), st.text())
def test_any_name_is_one_emr_takes(job: str, run: str) -> None:
    name = cluster_name(job, run)
    assert not set(name) & set(FORBIDDEN_IN_NAMES)
    assert len(name) == min(len(job) + len(run) + 1, 256)


def test_name_of_the_cluster() -> None:
    assert cluster_name("count", "a<b>c$d|e`f") == "count-a-b-c-d-e-f"
    assert len(cluster_name("count", "r" * 300)) == 256
