"""Whole simulations, against arithmetic: a cluster is ready 390 s after its request and gone 90 s after its end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.specs import CustomScaling, load_catalogue, load_scaling
from scripts.bench.scaling.alternatives import alternatives, task_nodes
from scripts.bench.scaling.figures import Figures, figures_of
from scripts.bench.scaling.report import Comparison, conclusions
from scripts.bench.scaling.run import NODES, REGION, compare, nodes_of
from scripts.bench.scaling.simulate import Played, play
from scripts.bench.scaling.traces import Trace
from scripts.local.emr.durations import BOOTSTRAP_SECONDS, PROVISION_SECONDS, TERMINATE_SECONDS
from scripts.local.emr.load import Phase

CATALOGUE = load_catalogue(REGION)
POLICY = load_scaling("yarn-memory")
START = PROVISION_SECONDS + BOOTSTRAP_SECONDS
MIN, MEAN, PEAK = "fixed, minimum", "fixed, mean", "fixed, peak"


def nodes() -> CustomScaling:
    return nodes_of(POLICY)


def compared(*phases: Phase) -> Comparison:
    return compare(POLICY, nodes(), Trace("test", phases), CATALOGUE)


def played(name: str, *phases: Phase) -> tuple[Played, Figures]:
    trace = Trace("test", phases)
    found = {each.name: each for each in alternatives(POLICY, nodes(), trace, CATALOGUE)}
    done = play(trace, found[name])
    return done, figures_of(done, CATALOGUE)


def test_a_constant_demand_on_the_smallest_cluster() -> None:
    # Four containers for an hour on two r5.xlarge, one container each: two hours.
    done, figures = played(MIN, Phase(3600, 4))
    assert figures.makespan_s == START + 7200
    assert done.ended - done.requested == START + 7200 + TERMINATE_SECONDS
    hours = (START + 7200 + TERMINATE_SECONDS) / 3600
    disks = CATALOGUE.get("m5.xlarge").ebs_gib + 2 * CATALOGUE.get("r5.xlarge").ebs_gib
    disk_usd = disks * float(CATALOGUE.ebs_gp3_usd_per_gib_month) / 730
    # m5.xlarge: $0.192 and EMR's 0.048 an hour; r5.xlarge: 0.252 and 0.063.
    assert figures.usd == pytest.approx(hours * (0.24 + 2 * 0.315 + disk_usd))
    assert figures.paid_h == pytest.approx(2 * hours)
    assert figures.used_h == pytest.approx(2 * 7200 / 3600)
    assert figures.starting_h == pytest.approx(2 * START / 3600)
    assert figures.idle_h == pytest.approx(2 * TERMINATE_SECONDS / 3600)
    assert (figures.outs, figures.ins, figures.flaps) == (0, 0, 0)
    assert (figures.met_after_s, figures.short_s, figures.peak_ratio) == (None, 7200, 0.5)


def test_a_constant_demand_on_as_many_nodes_as_it_wants() -> None:
    # Two containers on the core nodes, two on one r5.2xlarge.
    _, figures = played(PEAK, Phase(3600, 4))
    assert figures.makespan_s == START + 3600
    assert figures.used_h == pytest.approx(3)
    assert figures.overshoot_h == pytest.approx(3 * TERMINATE_SECONDS / 3600)
    assert (figures.met_after_s, figures.short_s, figures.peak_ratio) == (0, 0, 1)


def test_what_is_not_needed_overshoots() -> None:
    # 22 containers for ten minutes, then 2 for fifty: ten task nodes do nothing for fifty minutes.
    _, figures = played(PEAK, Phase(600, 22), Phase(3000, 2))
    ending = 12 * TERMINATE_SECONDS / 3600
    assert figures.overshoot_h == pytest.approx(10 * 3000 / 3600 + ending, abs=0.01)


def test_fixed_sizes_stay_within_the_limits_of_the_policy() -> None:
    assert [task_nodes(nodes(), containers, CATALOGUE)[0] for containers in (0, 2, 2.1, 4, 5, 1000)] == [
        *(0, 0, 1, 1, 2, 20)
    ]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.builds(Phase, st.floats(1, 3_000), st.integers(0, 60)), min_size=1, max_size=5))
def test_the_peak_size_is_never_slower_and_the_work_the_same(phases: list[Phase]) -> None:
    phases = [*phases, Phase(60, 1)]
    small, few = played(MIN, *phases)
    large, many = played(PEAK, *phases)
    assert many.makespan_s <= few.makespan_s + 1e-6
    assert many.makespan_s >= START + sum(phase.seconds for phase in phases) - 1e-6
    work = sum(phase.seconds * phase.containers for phase in phases)
    for done in (small, large):
        ends = [*(each.at for each in done.usage[1:]), done.ended]
        ran = sum(each.running * (end - each.at) for each, end in zip(done.usage, ends, strict=True))
        assert ran == pytest.approx(work)


@pytest.mark.parametrize(("minutes", "is_of_use"), [(5, False), (10, False), (11, False), (13, True)])
def test_useless_for_a_short_job(minutes: int, is_of_use: bool) -> None:
    # The first metric comes 5 minutes after the start of the work, and a node takes 6.5 more: 11.5 minutes. Half of
    # what is wanted is had until then.
    short = compared(Phase(minutes * 60 / 2, 4))
    own, smallest = short.figures["yarn-memory"], short.figures[MIN]
    assert smallest.makespan_s == START + minutes * 60
    assert (own.makespan_s < smallest.makespan_s) is is_of_use
    assert any("yarn-memory was no use here" in sentence for sentence in conclusions(short)) is not is_of_use


def test_of_use_for_a_long_job() -> None:
    long = compared(Phase(3600, 20))
    own = long.figures["yarn-memory"]
    assert own.makespan_s < long.figures[MIN].makespan_s / 2
    assert own.outs >= 1
    assert not any("no use" in sentence for sentence in conclusions(long))
    # Five nodes are asked for with the first metric, 300 s after readiness, and serve 390 s later.
    first = next(each for each in long.played["yarn-memory"].usage if each.nodes > 2)
    assert first.at - long.played["yarn-memory"].requested == START + 300 + START
    assert first.nodes == 7


def test_managed_scaling_meets_the_demand_sooner_than_the_policy() -> None:
    both = compared(Phase(3600, 20)).figures
    managed, own = both["managed"].met_after_s, both["yarn-memory"].met_after_s
    assert managed is not None
    assert own is None or managed < own


def test_policies_without_nodes_are_played_on_those_of_the_shipped_one() -> None:
    calm = load_scaling("calm")
    assert nodes_of(calm) == load_scaling(NODES)
    names = [each.name for each in alternatives(calm, nodes_of(calm), Trace("t", (Phase(60, 1),)), CATALOGUE)]
    assert names == ["calm", "managed", MIN, MEAN, PEAK]
    managed = load_scaling("managed")
    names = [each.name for each in alternatives(managed, nodes_of(managed), Trace("t", (Phase(60, 1),)), CATALOGUE)]
    assert names == ["managed", MIN, MEAN, PEAK]
