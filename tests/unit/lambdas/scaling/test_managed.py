"""Managed scaling: within the plan without limits of one's own, and within those with them."""

from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lambdas.scaling.managed import Planned, managed_scaling_policy, most_workers, within
from lambdas.specs import ManagedScaling, load_scaling
from lambdas.specs.scaling import ManagedLimits

SHAPE = get_session().get_service_model("emr").shape_for("ManagedScalingPolicy")
MAYBE = st.one_of(st.none(), st.integers(1, 60))


@st.composite
def limits(draw: st.DrawFn) -> ManagedLimits:
    """Return limits that fit together."""
    index = draw(st.sampled_from([None, 1, 25, 50, 75, 100]))
    for _ in range(100):
        try:
            return ManagedLimits(
                minimum=draw(MAYBE),
                maximum=draw(MAYBE),
                on_demand_maximum=draw(MAYBE),
                core_maximum=draw(MAYBE),
                strategy="advanced" if index else None,
                utilization_performance_index=index,
            )
        except ValidationError:
            continue
    return ManagedLimits()


PLANNED = st.builds(
    lambda workers, market: Planned(workers, min(workers, 2), market),
    st.integers(1, 60),
    st.sampled_from(["spot", "on_demand"]),
)


@given(limits(), PLANNED, st.sampled_from(["fleets", "groups"]))
def test_limits_emr_takes(limits: ManagedLimits, planned: Planned, capacity: str) -> None:
    policy = managed_scaling_policy(limits, planned, "fleets" if capacity == "fleets" else "groups")
    assert not ParamValidator().validate(policy, SHAPE).has_errors()
    found = policy["ComputeLimits"]
    least, most = found["MinimumCapacityUnits"], found["MaximumCapacityUnits"]
    on_demand, core = found["MaximumOnDemandCapacityUnits"], found["MaximumCoreCapacityUnits"]
    assert planned.core_nodes <= least <= most == most_workers(limits, planned)
    assert planned.core_nodes <= core <= on_demand <= most or limits.core_maximum
    assert planned.core_nodes <= on_demand <= most


def test_without_limits_the_plan_decides() -> None:
    assert managed_scaling_policy(ManagedLimits(), Planned(9, 2, "spot"), "fleets") == {
        "ComputeLimits": {
            "UnitType": "InstanceFleetUnits",
            "MinimumCapacityUnits": 2,
            "MaximumCapacityUnits": 9,
            "MaximumOnDemandCapacityUnits": 2,
            "MaximumCoreCapacityUnits": 2,
        }
    }
    on_demand = managed_scaling_policy(ManagedLimits(), Planned(9, 2, "on_demand"), "groups")["ComputeLimits"]
    assert (on_demand["UnitType"], on_demand["MaximumOnDemandCapacityUnits"]) == ("Instances", 9)


def test_the_shipped_limits() -> None:
    calm = load_scaling("calm")
    assert isinstance(calm, ManagedScaling)
    policy = managed_scaling_policy(calm.managed, Planned(9, 2, "spot"), "fleets")
    assert policy["ComputeLimits"]["MaximumCapacityUnits"] == 40
    assert (policy["ScalingStrategy"], policy["UtilizationPerformanceIndex"]) == ("ADVANCED", 75)


def test_never_more_nodes_than_the_job_allows() -> None:
    calm, policy = load_scaling("calm"), load_scaling("yarn-memory")
    capped = within(calm, 10)
    assert isinstance(capped, ManagedScaling)
    assert capped.managed.maximum == 9
    assert within(calm, 100) == calm
    assert within(policy, 10) == policy
