"""More memory after an OOM: more each time, on nodes it really fits, and not for ever."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.sizing.emit import Emitted, emit
from lambdas.sizing.layout import layout_of
from lambdas.sizing.memory import more_driver_memory, more_executor_memory
from lambdas.sizing.shapes import Shape, candidate_shapes
from lambdas.specs import Catalogue, Cluster
from lambdas.specs.catalogue import allowed_types
from tests.unit.lambdas.sizing.accepted import (
    CATALOGUE,
    INTEL,
    ONE_FAMILY,
    SPARK,
    assert_emr_takes,
    assert_packs,
    units_of,
)

CLUSTERS = st.sampled_from([SPARK, INTEL, ONE_FAMILY])
MAX_NODES = st.integers(2, 40)
NUMBERS = st.integers(0, 2_000)
MOST_ATTEMPTS = 12
Grow = Callable[[Shape, Cluster, Catalogue], Shape | None]


def first(cluster: Cluster, max_nodes: int, number: int) -> Shape:
    """Return one of the shapes there are to choose from."""
    shapes = candidate_shapes(cluster, CATALOGUE, max_nodes)
    return shapes[number % len(shapes)]


def grown(shape: Shape, cluster: Cluster, grow: Grow) -> Iterator[tuple[Shape, Shape]]:
    """Yield each shape and the next, to the end; fail if there is none."""
    for _ in range(MOST_ATTEMPTS):
        bigger = grow(shape, cluster, CATALOGUE)
        if bigger is None:
            return
        yield shape, bigger
        shape = bigger
    pytest.fail(f"{grow.__name__} goes on for ever")


def emitted_of(shape: Shape, cluster: Cluster) -> Emitted:
    return emit(shape, 200, cluster, CATALOGUE)


def assert_is_a_cluster(shape: Shape, cluster: Cluster, max_nodes: int) -> None:
    emitted = emitted_of(shape, cluster)
    assert_emr_takes(emitted, cluster, ("subnet-1",))
    assert_packs(emitted, shape.layout)
    assert sum(units_of(emitted).values()) <= max_nodes
    assert shape.layout.is_sound
    assert shape.layout.overhead_mib >= max(384, shape.layout.heap_mib // 10)
    assert shape.instance_type in allowed_types(CATALOGUE, cluster)


@settings(max_examples=40)
@given(CLUSTERS, MAX_NODES, NUMBERS)
def test_executors_get_more_memory_a_task_each_time_until_there_is_no_more(
    cluster: Cluster, max_nodes: int, number: int
) -> None:
    for before, after in grown(first(cluster, max_nodes, number), cluster, more_executor_memory):
        assert after.layout.heap_per_core_mib > before.layout.heap_per_core_mib
        assert after.layout.driver_heap_mib == before.layout.driver_heap_mib
        assert after.workers == before.workers
        assert after.yarn_memory_mib >= before.yarn_memory_mib
        assert_is_a_cluster(after, cluster, max_nodes)


@settings(max_examples=40)
@given(CLUSTERS, MAX_NODES, NUMBERS)
def test_the_driver_gets_twice_its_memory_each_time_until_there_is_no_room(
    cluster: Cluster, max_nodes: int, number: int
) -> None:
    for before, after in grown(first(cluster, max_nodes, number), cluster, more_driver_memory):
        assert after.layout.driver_heap_mib == 2 * before.layout.driver_heap_mib
        assert after.layout.heap_per_core_mib >= before.layout.heap_per_core_mib // 2
        assert after.workers == before.workers
        assert_is_a_cluster(after, cluster, max_nodes)


@settings(max_examples=40)
@given(CLUSTERS, MAX_NODES, NUMBERS, st.lists(st.sampled_from([more_executor_memory, more_driver_memory]), max_size=8))
def test_in_any_order(cluster: Cluster, max_nodes: int, number: int, order: list[Grow]) -> None:
    """A driver that gets more must not take from executors what an OOM has taught."""
    shape = first(cluster, max_nodes, number)
    for grow in order:
        bigger = grow(shape, cluster, CATALOGUE)
        if bigger is None:
            continue
        assert bigger.layout.cores <= shape.layout.cores
        assert_is_a_cluster(bigger, cluster, max_nodes)
        shape = bigger


def shape_of(name: str, workers: int = 3) -> Shape:
    known = CATALOGUE.get(name)
    return Shape(known, workers, layout_of(known), "spot")


def test_first_another_type_then_fewer_tasks() -> None:
    path = [after for _, after in grown(shape_of("c7g.xlarge"), SPARK, more_executor_memory)]
    described = [(after.instance_type.memory_gib, after.layout.cores) for after in path]
    assert described == [(16, 4), (32, 4), (32, 2), (32, 1)]
    assert {after.instance_type.vcpu for after in path} == {4}


def test_of_two_types_of_one_size_the_cheaper() -> None:
    bigger = more_executor_memory(shape_of("m7g.xlarge"), SPARK, CATALOGUE)
    assert bigger is not None
    assert bigger.instance_type.type == "r6g.xlarge"


def test_one_task_on_the_biggest_type_is_the_end() -> None:
    *_, (_, last) = grown(shape_of("r7g.xlarge"), SPARK, more_executor_memory)
    assert last.layout.cores == 1
    assert more_executor_memory(last, SPARK, CATALOGUE) is None


def test_a_driver_takes_a_roomier_type_when_its_node_is_too_small() -> None:
    path = [
        (s.instance_type.family, s.layout.driver_heap_mib)
        for _, s in grown(shape_of("c7g.xlarge"), SPARK, more_driver_memory)
    ]
    assert path[0][1] == 4096
    assert path[-1][0] in {"r6g", "r7g"}
    assert [heap for _, heap in path] == [2048 * 2**number for number in range(1, len(path) + 1)]


def test_more_for_the_driver_keeps_what_the_executors_learned() -> None:
    fewer = more_executor_memory(shape_of("r7g.2xlarge"), SPARK, CATALOGUE)
    assert fewer is not None
    assert fewer.layout.cores == 2
    bigger = more_driver_memory(fewer, SPARK, CATALOGUE)
    assert bigger is not None
    assert bigger.layout.cores == 2
