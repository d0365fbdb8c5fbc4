import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench.sizing.judge import Outcome, Verdict, judge, over_salts, summarise
from scripts.bench.sizing.methods import oracle
from scripts.bench.sizing.protocol import PROTOCOLS, Task, tasks
from scripts.bench.sizing.synthetic import own_measurements
from tests.unit.bench.sizing.tiny import tiny

BIG, SMALL_1, SMALL_3 = 0, 1, 2
CHEAPEST = 1520 * 0.60 / 3600


def task_of(folder: Path, protocol: str, limit: float | None) -> Task:
    measured = tiny(folder)
    found = tasks(measured, measured.contexts["count|a|10"], PROTOCOLS[protocol], 1, "0")
    return next(task for task in found if task.limit == limit)


def test_no_deadline(tmp_path: Path) -> None:
    task = task_of(tmp_path, "cold", None)
    assert judge(task, SMALL_3) == Verdict(True, 1, 1, 1)
    assert judge(task, SMALL_1).ratio == pytest.approx(0.36 / CHEAPEST)


def test_deadline_kept(tmp_path: Path) -> None:
    # Three times 480 s are 1440 s: three small nodes keep it, as does the big cluster.
    task = task_of(tmp_path, "cold", 3.0)
    assert judge(task, SMALL_3) == Verdict(True, 1, 1, 1)
    big = judge(task, BIG)
    assert big.hit
    assert (big.ratio, big.eff) == pytest.approx((0.5 / CHEAPEST, 0.5 / CHEAPEST))


def test_missed_deadline_pays_for_a_rerun_on_the_fastest(tmp_path: Path) -> None:
    # Twice 480 s are 960 s: only the big cluster keeps it, for 0.50 $.
    missed = judge(task_of(tmp_path, "cold", 2.0), SMALL_1)
    assert (missed.hit, missed.rephit) == (False, 0)
    assert missed.ratio == pytest.approx(0.36 / 0.5)
    assert missed.eff == pytest.approx(0.36 / 0.5 + 1)


def test_budget(tmp_path: Path) -> None:
    # 1.5 times the cheapest are 0.38 $: the fastest for that are three small nodes, and one is 3180 s / 1100 s as slow.
    task = task_of(tmp_path, "budget", 1.5)
    assert judge(task, SMALL_3).hit
    within = judge(task, SMALL_1)
    assert within.hit
    assert within.ratio == pytest.approx(3180 / 1100)
    assert not judge(task, BIG).hit
    assert math.isnan(judge(task, BIG).eff)


@given(st.sampled_from(sorted(PROTOCOLS)), st.integers(0, 29))
def test_oracle_is_never_beaten_and_always_hits(protocol: str, number: int) -> None:
    measured = own_measurements()
    context = list(measured.contexts.values())[number]
    best = oracle(context)
    for task in tasks(measured, context, PROTOCOLS[protocol], 1, "0"):
        answer = best(task.request)
        clusters = list(zip(context.instance_types, context.nodes, strict=True))
        verdict = judge(task, clusters.index((answer.instance_type, answer.nodes)))
        assert (verdict.hit, verdict.ratio) == (True, 1)
        others = [judge(task, index) for index in range(len(clusters))]
        assert min(other.ratio for other in others if other.hit) >= 1
        assert protocol == "budget" or verdict.eff == 1 == min(other.eff for other in others)


def outcome(job: str, verdict: Verdict, predicted: float = math.nan, problem: str | None = None) -> Outcome:
    return Outcome(
        method="m",
        salt="0",
        protocol="warm",
        cloud="aws",
        limit=2.0,
        runs=5,
        job=job,
        verdict=verdict,
        seconds=100,
        predicted=predicted,
        low=math.nan,
        high=math.nan,
        problem=problem,
        decision_seconds=0.002,
    )


def test_every_job_weighs_the_same() -> None:
    figures = summarise(
        [
            outcome("a", Verdict(True, 1.0, 1.0, 1.0), predicted=110),
            outcome("a", Verdict(True, 1.4, 1.4, 1.0), predicted=130),
            outcome("b", Verdict(False, 0.8, 2.0, 0.5), problem="none of the candidates"),
        ]
    )
    assert figures.n == 3
    assert figures.hit == pytest.approx(0.5)
    assert figures.cost_hit == pytest.approx(1.2)
    assert figures.eff_mean == pytest.approx((1.2 + 2.0) / 2)
    assert (figures.eff_med, figures.eff_p95) == (1.4, 2.0)
    assert figures.within10 == pytest.approx(0.25)
    assert figures.rephit == pytest.approx(0.75)
    assert figures.ape == pytest.approx(0.2)
    assert (figures.invalid, figures.ms) == pytest.approx((1, 2))


def test_nothing_kept_has_no_cost() -> None:
    figures = summarise([outcome("a", Verdict(False, 0.8, 2.0, 0.0))])
    assert (figures.hit, figures.eff_mean) == (0, 2)
    assert math.isnan(figures.cost_hit)
    assert math.isnan(figures.ape)


def test_over_salts() -> None:
    figures = [summarise([outcome("a", Verdict(True, eff, eff, 1.0))]) for eff in (1.0, 1.2, 1.7)]
    mean, error = over_salts(figures)
    assert error is not None
    assert mean.eff_mean == pytest.approx(1.3)
    # Deviations -0.3, -0.1, 0.4: variance 0.26 / 2, over three salts.
    assert error.eff_mean == pytest.approx(math.sqrt(0.13 / 3))
    assert error.hit == 0
    assert over_salts(figures[:1])[1] is None
