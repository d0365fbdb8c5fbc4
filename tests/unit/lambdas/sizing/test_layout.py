"""Containers really fit: YARN is played with what is emitted, on nodes of every kind EC2 may give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.sizing.emit import emit
from lambdas.sizing.layout import CONTAINER_STEP_MIB, Layout, layout_of
from lambdas.sizing.shapes import Shape
from lambdas.specs import Cluster
from lambdas.specs.catalogue import InstanceType
from tests.unit.lambdas.sizing.accepted import CATALOGUE
from tests.unit.lambdas.sizing.shapes_of_all import DRIVER_HEAPS, sized
from tests.unit.lambdas.sizing.yarn import Settings, nodes_of, place

CHOICES = st.lists(st.integers(0, 100), min_size=1, max_size=5)


@given(sized(), CHOICES, st.integers(0, 1))
def test_all_executors_find_room_wherever_the_driver_lands(
    sized: tuple[Shape, Cluster], choices: list[int], driver_on: int
) -> None:
    shape, cluster = sized
    emitted = emit(shape, 200, cluster, CATALOGUE)
    settings = Settings.of(emitted)
    nodes = nodes_of(emitted, CATALOGUE, choices)
    assert len(nodes) == shape.workers
    assert place(nodes, settings, driver_on) == settings.executors == shape.executors
    for node in nodes:
        assert node.offered_mib <= node.kind.yarn_memory_mib
        assert node.free_mib >= 0
        assert node.executors * settings.executor_cores <= node.kind.vcpu
    if settings.executor_cores > 1:
        assert {node.executors for node in nodes} == {shape.layout.executors}


@given(sized())
def test_little_is_left_over_beside_the_drivers_room(sized: tuple[Shape, Cluster]) -> None:
    layout, known = sized[0].layout, sized[0].instance_type
    unused = known.yarn_memory_mib - layout.node_mib
    assert 0 <= unused < layout.executors * CONTAINER_STEP_MIB + CONTAINER_STEP_MIB
    assert unused < layout.container_mib
    assert unused < 0.02 * known.yarn_memory_mib


@pytest.mark.parametrize("known", CATALOGUE.types, ids=lambda known: known.type)
def test_no_core_is_left_over(known: InstanceType) -> None:
    layout = layout_of(known)
    assert layout.is_sound
    assert layout.executors * layout.cores == known.vcpu
    assert layout.cores == 4


@given(st.sampled_from(CATALOGUE.types), st.sampled_from(DRIVER_HEAPS))
def test_what_spark_asks_for_is_what_yarn_gives(known: InstanceType, heap: int) -> None:
    layout = layout_of(known, heap)
    assert layout.driver_container_mib % CONTAINER_STEP_MIB == 0
    assert layout.driver_overhead_mib >= max(384, heap // 10)
    assert layout.container_mib % CONTAINER_STEP_MIB == 0
    assert layout.overhead_mib >= 384
    if layout.is_sound:
        assert layout.overhead_mib >= layout.heap_mib / 5
        assert layout.node_mib <= known.yarn_memory_mib


def test_a_driver_too_big_for_the_node_leaves_no_sound_layout() -> None:
    assert not layout_of(CATALOGUE.get("m7g.xlarge"), 16 * 1024).is_sound


@pytest.mark.parametrize(
    ("vcpu", "executors", "cores"), [(1, 1, 1), (2, 1, 2), (4, 1, 4), (8, 2, 4), (16, 4, 4), (36, 9, 4), (96, 24, 4)]
)
def test_cores_of_a_node(vcpu: int, executors: int, cores: int) -> None:
    node = CATALOGUE.get("m7g.8xlarge").model_copy(update={"vcpu": vcpu})
    layout = layout_of(node)
    assert (layout.executors, layout.cores) == (executors, cores)


def test_the_layout_of_a_common_node() -> None:
    assert layout_of(CATALOGUE.get("m7g.2xlarge")) == Layout(
        executors=2, cores=4, heap_mib=8746, overhead_mib=1750, driver_heap_mib=2048
    )
