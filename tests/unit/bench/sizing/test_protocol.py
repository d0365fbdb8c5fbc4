from pathlib import Path

import pytest

from scripts.bench.sizing.data import Measurements
from scripts.bench.sizing.protocol import PROTOCOLS, Task, draw_history, sample, tasks
from scripts.bench.sizing.synthetic import own_measurements
from tests.unit.bench.sizing.tiny import tiny


def asked(measured: Measurements, protocol: str, name: str = "count|a|10") -> list[Task]:
    return list(tasks(measured, measured.contexts[name], PROTOCOLS[protocol], 1, "0"))


def test_cold_asks_once_per_deadline(tmp_path: Path) -> None:
    found = asked(tiny(tmp_path), "cold")
    # The fastest takes 480 s; 420 s go before that.
    assert [task.request.deadline_s for task in found] == [None, 1860, 1380, 1140]
    assert all(task.request.history == () and task.request.budget_usd is None for task in found)


def test_budgets(tmp_path: Path) -> None:
    cheapest = 1520 * 0.60 / 3600
    found = asked(tiny(tmp_path), "budget")
    assert [task.request.budget_usd for task in found[:3]] == pytest.approx(
        [1.2 * cheapest, 1.5 * cheapest, 2 * cheapest]
    )
    assert len(found) == 3 * 4  # three budgets, and four histories because the job has so few inputs
    assert all(task.request.deadline_s is None for task in found)


def test_request(tmp_path: Path) -> None:
    (task, *_) = asked(tiny(tmp_path), "warm")
    request = task.request
    assert (request.job.job_class, request.job.data_bytes) == ("scan", 10**10)
    assert request.instance_types["big"].price_usd_h == 0.44
    assert [(each.instance_type, each.nodes) for each in request.candidates] == [("big", 4), ("small", 1), ("small", 3)]


def test_warm_shows_other_inputs_and_never_a_run_twice(tmp_path: Path) -> None:
    for task in asked(tiny(tmp_path), "warm"):
        assert {run.data_bytes for run in task.request.history} == {2 * 10**10}
        assert len({(run.instance_type, run.nodes) for run in task.request.history}) == 3  # all there are


def test_same_shows_the_same_input(tmp_path: Path) -> None:
    found = asked(tiny(tmp_path), "same")
    assert {run.data_bytes for task in found for run in task.request.history} == {10**10}
    assert {len(task.request.history) for task in found if task.runs > 3} == {4}


def test_narrow_shows_two_clusters() -> None:
    measured = own_measurements()
    for task in asked(measured, "narrow", "sort|050 GB"):
        assert len({(run.instance_type, run.nodes) for run in task.request.history}) <= 2
        assert len(task.request.history) == task.runs


def test_too_short_a_past_is_not_asked_about(tmp_path: Path) -> None:
    measured = tiny(tmp_path)
    assert asked(measured, "warm", "lone|5") == []
    assert asked(measured, "same", "lone|5") == []
    assert len(asked(measured, "cold", "lone|5")) == 4


def test_draws_depend_on_the_seed_alone() -> None:
    measured = own_measurements()
    context = measured.contexts["join|050 GB"]
    first = draw_history(measured, context, "other", 10, "a/0")
    assert first == draw_history(measured, context, "other", 10, "a/0")
    assert first != draw_history(measured, context, "other", 10, "b/0")


# What the protocol's published program draws from this set, written out as CSV.
PUBLISHED = {
    "narrow": [(300, "m5.2xlarge", 3), (8, "m5.2xlarge", 3), (120, "m5.2xlarge", 3)] + 2 * [(120, "r5.xlarge", 2)],
    "other": [
        *((8, "r5.2xlarge", 2), (20, "c5.xlarge", 4), (20, "r5.2xlarge", 6)),
        *((120, "m5.xlarge", 3), (8, "m5.xlarge", 4)),
    ],
}


@pytest.mark.parametrize("mode", PUBLISHED)
def test_draws_are_the_protocol_s(mode: str) -> None:
    measured = own_measurements()
    drawn = draw_history(measured, measured.contexts["sort|050 GB"], mode, 5, "0/0")
    assert drawn is not None
    assert [(run.data_bytes // 10**9, run.instance_type, run.nodes) for run in drawn] == PUBLISHED[mode]


def test_sample() -> None:
    measured = own_measurements()
    some = sample(measured, "0", 2)
    assert len(some) == 12
    assert {context.name for context in some} != {context.name for context in sample(measured, "1", 2)}
    assert len(sample(measured, "0", 0)) == 30
    assert {context.job for context in sample(measured, "0", 2, ["join", "nobody"])} == {"join"}
