"""The figures of all three jobs, each way, against what follows from how Step Functions polls.

A cluster is ready 390 s after its request, bootstrap actions take the last 150 s. ``createCluster.sync`` looks 60, 120,
... 420 s after the request, so the first step starts 30 s after the cluster was ready. ``addStep.sync`` looks every
60 s until 600 s after the step was added, then at 900, 1200, ... s.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from lambdas.pricing import Interval, cost_of
from lambdas.specs import load_catalogue
from scripts.bench.idle.jobs import CORE_NODES, CORE_TYPE, PRIMARY_TYPE, bench_jobs
from scripts.bench.idle.picture import draw, segments
from scripts.bench.idle.run import Outcome, measure
from scripts.bench.idle.table import as_document, goal, is_goal_met
from scripts.bench.idle.ways import WAYS

JOBS = ("one-long-step", "five-steps", "diamond")


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    told: list[tuple[int, int]] = []
    found = measure(bench_jobs(), lambda done, total: told.append((done, total)))
    assert told[-1] == (9, 9)
    return found


def of(outcomes: Sequence[Outcome], job: str, way: str) -> Outcome:
    (found,) = [each for each in outcomes if (each.job, each.way) == (job, way)]
    return found


def test_every_job_runs_every_way(outcomes: list[Outcome]) -> None:
    assert [(each.job, each.way) for each in outcomes] == [(job, way) for job in JOBS for way in WAYS]


def test_a_cluster_starts_and_ends_alike_whatever_runs_on_it(outcomes: list[Outcome]) -> None:
    for each in outcomes:
        figures = each.figures
        assert (figures.provisioning_s, figures.bootstrapping_s, figures.waiting_s) == (240, 150, 30)
        assert figures.ending_s == 90


@pytest.mark.parametrize(
    ("job", "working", "gap", "tail"),
    [
        # The step ends after 10,950 s; the looks before and after are at 600 + 34 x 300 = 10,800 s and at 11,100 s.
        ("one-long-step", 10_950, 0, 150),
        # Each of five ends after 720 s and is seen after 900 s: four gaps of 180 s, and the same after the last.
        ("five-steps", 5 * 720, 4 * 180, 180),
        # One after the other, the chain's four steps have the cluster to themselves.
        ("diamond", 4 * 720, 3 * 180, 180),
    ],
)
def test_a_plain_chain(outcomes: list[Outcome], job: str, working: float, gap: float, tail: float) -> None:
    chain = of(outcomes, job, "chain")
    assert (chain.figures.working_s, chain.figures.gap_s, chain.figures.tail_s) == (working, gap, tail)
    assert chain.figures.makespan_s == 420 + working + gap
    # A failure is seen when the end of the step is.
    assert set(chain.failure_s.values()) == {tail}


@pytest.mark.parametrize("job", JOBS)
def test_pipelined_nothing_is_idle(outcomes: list[Outcome], job: str) -> None:
    pipelined, chain = of(outcomes, job, "pipelined"), of(outcomes, job, "chain")
    assert (pipelined.figures.gap_s, pipelined.figures.tail_s) == (0, 0)
    assert pipelined.figures.working_s == chain.figures.working_s
    assert pipelined.worst_failure_s == 0
    assert pipelined.figures.usd < chain.figures.usd


def test_stepwise_has_gaps_but_no_tail(outcomes: list[Outcome]) -> None:
    five = of(outcomes, "five-steps", "stepwise")
    assert (five.figures.gap_s, five.figures.tail_s, five.worst_failure_s) == (4 * 180, 0, 0)


def test_steps_that_run_at_the_same_time_share_the_cluster(outcomes: list[Outcome]) -> None:
    diamond = of(outcomes, "diamond", "stepwise")
    # Two steps that fill the cluster take twice as long beside one another: 1,440 s, seen after 1,500 s.
    assert diamond.figures.working_s == 4 * 720
    assert (diamond.figures.gap_s, diamond.figures.tail_s) == (180 + 60, 0)
    assert len(diamond.working) == 3


def test_no_failure_leaves_a_cluster_idle_for_more_than_a_metric_period(outcomes: list[Outcome]) -> None:
    assert all(each.worst_failure_s <= 300 for each in outcomes if each.way != "chain")
    assert {each.job: sorted(each.failure_s) for each in outcomes} == {
        "one-long-step": ["long"],
        "five-steps": ["five", "four", "one", "three", "two"],
        "diamond": ["extract", "join", "left", "right"],
    }


def test_the_phases_are_the_whole_life_of_the_cluster_and_are_all_paid(outcomes: list[Outcome]) -> None:
    catalogue = load_catalogue("us-east-1")
    for each in outcomes:
        parts = list(segments(each))
        assert parts[0][1] == 0
        assert all(done[2] == following[1] for done, following in pairwise(parts))
        seconds = parts[-1][2]
        figures = each.figures
        assert seconds == figures.makespan_s + figures.tail_s + figures.ending_s
        types = (PRIMARY_TYPE, *[CORE_TYPE] * CORE_NODES)
        paid = cost_of((Interval(name, "on_demand", seconds) for name in types), catalogue)
        assert figures.usd == pytest.approx(float(paid.total))


def test_the_document(outcomes: list[Outcome]) -> None:
    document = as_document(outcomes)
    assert [job["job"] for job in document["jobs"]] == list(JOBS)
    for job in document["jobs"]:
        assert set(job) == {"job", *WAYS}
        for way in WAYS:
            assert {"gap_s", "tail_s", "usd", "waiting_s", "working_s", "worst_failure_s"} <= set(job[way])
    assert document["goal_met"]


def test_the_goal(outcomes: list[Outcome]) -> None:
    assert is_goal_met(outcomes)
    assert goal(outcomes).endswith("reached.")
    pipelined = of(outcomes, "five-steps", "pipelined")
    for missed in (
        replace(pipelined, figures=replace(pipelined.figures, gap_s=1.0)),
        replace(pipelined, figures=replace(pipelined.figures, tail_s=1.0)),
        replace(pipelined, failure_s={"one": 301.0}),
    ):
        assert not is_goal_met([missed])
        assert goal([missed]).endswith("missed.")


def test_the_picture_has_the_same_bytes_for_the_same_figures(outcomes: list[Outcome], tmp_path: Path) -> None:
    files = [tmp_path / "new" / name for name in ("one.svg", "two.svg")]
    for file in files:
        draw([each for each in outcomes if each.job == "five-steps"], file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith(b"<?xml")
