"""What the clusters of a job may ask for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from lambdas.sizing import Asked, Goal, Known, weigh_sizes
from lambdas.specs import load_catalogue, load_cluster, load_job, load_scaling
from lambdas.specs.job import Job, Limits
from lambdas.specs.scaling import ManagedLimits
from scripts.preflight import demand
from scripts.preflight.demand import Demand, demand_of

CATALOGUE = load_catalogue("us-east-1")


def asked(name: str, max_nodes: int) -> Demand:
    job = load_job(name).model_copy(update={"limits": Limits(max_nodes=max_nodes)})
    found = demand_of(job, CATALOGUE)
    assert found is not None
    return found


@settings(max_examples=10)
@given(st.integers(2, 300))
def test_bounds_keep_the_limit_of_nodes(max_nodes: int) -> None:
    found = asked("pricing-summary", max_nodes)
    assert found.nodes == max_nodes
    for size in (found.smallest, found.largest):
        assert 2 <= size.nodes <= max_nodes
        assert 0 <= size.spot_vcpus < size.vcpus
    assert found.smallest.vcpus <= found.largest.vcpus
    assert found.smallest.spot_vcpus == 0


@pytest.mark.parametrize("gibibytes", [1, 100, 5_000])
def test_a_plan_is_within_the_bounds(gibibytes: int) -> None:
    bounds = asked("pricing-summary", 40)
    measured = Measurement(gibibytes * 2**30, 100, 2**30, 0, 0, 0, ((Kind("csv", "none"), gibibytes * 2**30),))
    goal = Goal(deadline_seconds=1800)
    sizes = weigh_sizes(measured, Asked(40, "sql", goal), Known(), load_cluster("spark"), CATALOGUE)
    assert sizes is not None
    shape, primary = sizes.best.shape, CATALOGUE.get(bounds.primary_type).vcpu
    assert bounds.smallest.vcpus <= primary + shape.vcpus <= bounds.largest.vcpus
    assert shape.spot_nodes * shape.instance_type.vcpu <= bounds.largest.spot_vcpus
    assert shape.core_type in bounds.worker_types


def test_a_policy_bounds_its_own_cluster() -> None:
    found = asked("shipping-report", 23)
    assert found.smallest.words == "1 x m5.xlarge and 2 x r5.xlarge"
    assert found.largest.words == "1 x m5.xlarge and 2 x r5.xlarge and 20 x r5.2xlarge"
    assert (found.smallest.vcpus, found.largest.vcpus, found.largest.spot_vcpus, found.nodes) == (12, 172, 160, 23)
    assert found.worker_types[:2] == ("r5.xlarge", "r5.2xlarge")


def test_managed_limits_bound_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = load_scaling("managed")
    narrow = limits.model_copy(update={"managed": ManagedLimits(minimum=4, maximum=6)})
    monkeypatch.setattr(demand, "load_scaling", lambda name: narrow)
    found = asked("pricing-summary", 40)
    assert (found.smallest.nodes, found.largest.nodes, found.nodes) == (5, 7, 7)


def test_a_region_without_room_for_an_executor_has_none() -> None:
    tiny = CATALOGUE.model_copy(
        update={"types": tuple(known for known in CATALOGUE.types if known.type in {"c6g.xlarge", "m7g.xlarge"})}
    )
    job: Job = load_job("pricing-summary")
    only = tiny.model_copy(update={"types": tuple(known for known in tiny.types if known.type == "c6g.xlarge")})
    assert demand_of(job, tiny) is not None
    assert demand_of(job, only) is None
