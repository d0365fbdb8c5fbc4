import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scripts.bench.sizing import baselines
from scripts.bench.sizing.features import candidates_of, history_of
from scripts.bench.sizing.models import cross_validated, ernest_seconds, interpolated_seconds, nearest_seconds
from scripts.sizing.request import Answer, Request

TYPES = {
    "small": {"vcpu": 4, "memory_gib": 16, "ebs_mbps": 100, "price_usd_h": 0.2},
    "large": {"vcpu": 16, "memory_gib": 64, "ebs_mbps": 400, "price_usd_h": 0.9},
}
CANDIDATES = [("small", 1), ("small", 4), ("small", 16), ("large", 4), ("large", 8)]


def request(
    runs: list[tuple[int, str, int, float]] | None = None,
    gigabytes: int = 40,
    candidates: list[tuple[str, int]] = CANDIDATES,
    **limits: Any,
) -> Request:
    return Request.model_validate(
        {
            "job": {"id": "job", "class": "sql", "data_bytes": gigabytes * 10**9},
            "history": [
                {"data_bytes": size * 10**9, "instance_type": kind, "nodes": nodes, "runtime_s": seconds}
                for size, kind, nodes, seconds in runs or []
            ],
            "candidates": [{"instance_type": kind, "nodes": nodes} for kind, nodes in candidates],
            "instance_types": TYPES,
            "cost_model": {"provision_s": 420, "primary_usd_h": 0.24},
            **limits,
        }
    )


def chosen(answer: Answer) -> tuple[str, int]:
    return answer.instance_type, answer.nodes


def ernest_time(gigabytes: float, cores: float) -> float:
    return 50 + 120 * gigabytes / cores + 2 * math.log(cores) + 0.5 * cores


def by_ernest(*clusters: tuple[int, str, int]) -> list[tuple[int, str, int, float]]:
    return [(size, kind, nodes, ernest_time(size, nodes * int(TYPES[kind]["vcpu"]))) for size, kind, nodes in clusters]


RUNS = by_ernest(
    (10, "small", 1), (10, "small", 4), (20, "small", 2), (30, "large", 1), (60, "large", 6), (80, "large", 8)
)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (baselines.smallest, ("small", 1)),
        (baselines.largest, ("large", 8)),
        (baselines.static_vcpu, ("small", 16)),  # as are four large ones, which cost more
    ],
)
def test_rules(method: Callable[[Request], Answer], expected: tuple[str, int]) -> None:
    assert chosen(method(request())) == expected


@pytest.mark.parametrize(("gigabytes", "expected"), [(4, ("small", 1)), (16, ("small", 4)), (64, ("small", 16))])
def test_bytes_per_node(gigabytes: int, expected: tuple[str, int]) -> None:
    assert chosen(baselines.bytes_per_node(request(gigabytes=gigabytes))) == expected


def test_ernest_finds_its_own_terms_again() -> None:
    asked = request(RUNS)
    predicted = ernest_seconds(*history_of(asked), candidates_of(asked))
    cores = [4, 16, 64, 64, 128]
    assert predicted == pytest.approx([ernest_time(40, each) for each in cores], rel=1e-6)


def test_ernest_chooses_the_cheapest_in_time() -> None:
    # Of 40 GB: 1252.8 s on 4 cores, 363.5 s on 16, 165.3 s on 64, 161.2 s on 128.
    assert chosen(baselines.ernest(request(RUNS))) == ("small", 1)
    slower = baselines.ernest(request(RUNS, deadline_s=420 + 400))
    assert chosen(slower) == ("small", 4)
    assert slower.predicted_runtime_s == pytest.approx(ernest_time(40, 16))
    assert chosen(baselines.ernest(request(RUNS, deadline_s=420 + 163))) == ("large", 8)


def test_nothing_in_time_takes_the_fastest() -> None:
    assert chosen(baselines.ernest(request(RUNS, deadline_s=430))) == ("large", 8)


def test_budget_buys_the_fastest_and_else_the_cheapest() -> None:
    # 585 s at 3.44 $/h are 0.56 $, and at 3.84 $/h 0.62 $; 581 s at 7.44 $/h are 1.20 $.
    assert chosen(baselines.ernest(request(RUNS, budget_usd=0.60))) == ("small", 16)
    assert chosen(baselines.ernest(request(RUNS, budget_usd=2.0))) == ("large", 8)
    assert chosen(baselines.ernest(request(RUNS, budget_usd=0.01))) == ("small", 1)


def test_margin_grows_with_the_error_of_left_out_runs() -> None:
    # Without noise 2 % times 1.28: 363.5 s count as 373 s.
    assert chosen(baselines.ernest90(request(RUNS, deadline_s=420 + 374))) == ("small", 4)
    assert chosen(baselines.ernest90(request(RUNS, deadline_s=420 + 370))) == ("small", 16)
    noisy = [(*run[:3], run[3] * (1.5 if number % 2 else 0.7)) for number, run in enumerate(RUNS)]
    prediction = baselines.ernest(request(noisy)).predicted_runtime_s
    assert prediction is not None
    within = request(noisy, candidates=CANDIDATES[:2], deadline_s=420 + 1.05 * prediction)
    assert chosen(baselines.ernest(within)) == ("small", 1)
    assert chosen(baselines.ernest90(within)) == ("small", 4)


@pytest.mark.parametrize("method", [baselines.ernest, baselines.ernest90, baselines.bell, baselines.nearest_runs])
def test_without_history_no_model_is_believed(method: Callable[[Request], Answer]) -> None:
    answer = method(request())
    assert chosen(answer) == ("small", 16)
    assert answer.predicted_runtime_s is None


# Twice the cores never help, and then a lot: none of Ernest's terms does that.
STEPS = [(40, "small", nodes, 900.0 if nodes < 8 else 300.0) for nodes in (1, 2, 4, 8, 12, 16)]


def test_interpolation_goes_through_the_runs() -> None:
    asked = request(STEPS, candidates=[("small", 1), ("small", 6), ("small", 12)])
    runs, seconds = history_of(asked)
    assert interpolated_seconds(runs, seconds, candidates_of(asked)) == pytest.approx([900, 600, 300])


def test_interpolation_scales_with_bytes_and_leaves_extrapolation_to_ernest() -> None:
    asked = request(STEPS, gigabytes=80, candidates=[("small", 12), ("large", 8)])
    runs, seconds = history_of(asked)
    predicted = interpolated_seconds(runs, seconds, candidates_of(asked))
    assert predicted[0] == pytest.approx(600)
    assert predicted[1] == ernest_seconds(runs, seconds, candidates_of(asked))[1]


def test_bell_takes_the_model_that_fits() -> None:
    flat = [*STEPS, *STEPS]  # every run twice: a left-out one is known
    assert baselines.bell(request(flat, candidates=[("small", 6)])).predicted_runtime_s == pytest.approx(600)
    smooth = baselines.bell(request(RUNS, candidates=[("small", 4)])).predicted_runtime_s
    assert smooth == pytest.approx(ernest_time(40, 16))


def test_cross_validation_leaves_the_run_out() -> None:
    asked = request([(10, "small", nodes, float(nodes)) for nodes in (1, 2, 4)])

    def mean(_runs: Any, seconds: Any, _asked: Any) -> Any:
        return np.array([seconds.mean()])

    assert cross_validated(mean, *history_of(asked)).tolist() == [3.0, 2.5, 1.5]


def test_nearest_runs() -> None:
    far = [(10**4, "large", 8, 9.0)] * 5
    near = [(40, "small", 4, 100.0), (40, "small", 4, 200.0), (40, "small", 4, 400.0)]
    asked = request([*far, *near], candidates=[("small", 4)])
    assert nearest_seconds(*history_of(asked), candidates_of(asked)) == pytest.approx([200])  # the geometric mean
    assert baselines.nearest_runs(asked).predicted_runtime_s == pytest.approx(200)
