import io
import json
import math

import pytest
from rich.console import Console

from scripts.bench.sizing.judge import Outcome, Verdict
from scripts.bench.sizing.methods import ORACLE, OURS, REFERENCE
from scripts.bench.sizing.table import Group, as_document, print_results, results_of


def outcome(method: str, eff: float, salt: str = "0", runs: int = 5, protocol: str = "warm", job: str = "a") -> Outcome:
    return Outcome(
        method=method,
        salt=salt,
        protocol=protocol,
        cloud="aws",
        limit=2.0,
        runs=runs,
        job=job,
        verdict=Verdict(True, min(eff, 9.0), math.nan if protocol == "budget" else eff, 1.0),
        seconds=100,
        predicted=math.nan,
        low=math.nan,
        high=math.nan,
        problem=None,
        decision_seconds=0.001,
    )


TWO_SALTS = [
    *(outcome(OURS, 1.2, "0"), outcome(REFERENCE, 2.0, "0"), outcome(ORACLE, 1.0, "0")),
    *(outcome(OURS, 1.5, "1"), outcome(REFERENCE, 2.0, "1"), outcome(ORACLE, 1.0, "1")),
]
GROUP = Group("warm", "aws", "limit", 5)


def printed(outcomes: list[Outcome]) -> str:
    out = io.StringIO()
    print_results(Console(file=out, width=150), results_of(outcomes))
    return out.getvalue()


def test_gain_is_against_the_reference_on_the_same_salt() -> None:
    result = results_of(TWO_SALTS)[GROUP][OURS]
    # 40 % and 25 % below.
    assert result.gain == pytest.approx(32.5)
    assert result.gain_error == pytest.approx(7.5)
    assert result.mean.eff_mean == pytest.approx(1.35)
    assert results_of(TWO_SALTS)[GROUP][REFERENCE].gain == 0


def test_groups_are_in_order_and_jobs_apart_where_asked_for() -> None:
    outcomes = [outcome(REFERENCE, 1.0, runs=runs, job=job) for runs in (10, 3) for job in ("b", "a")]
    assert [group.runs for group in results_of(outcomes)] == [3, 10]
    assert [(group.runs, group.job) for group in results_of(outcomes, by_job=True)] == [
        *((3, "a"), (3, "b"), (10, "a"), (10, "b")),
    ]


def test_printed() -> None:
    text = printed(TWO_SALTS)
    assert "warm, aws, under a limit: effective cost | hit" in text
    assert "1.35 ±0.15 | 1.00" in text
    assert f"{OURS} below {REFERENCE}" in text
    assert "32 ±8 %" in text or "33 ±8 %" in text


def test_one_salt_has_no_error_and_a_budget_no_effective_cost() -> None:
    budget = [outcome(OURS, 1.5, protocol="budget"), outcome(REFERENCE, 2.0, protocol="budget")]
    text = printed(budget)
    assert "1.50 | 1.00" in text
    assert "±" not in text
    assert "below" not in text


def test_document_has_no_nan() -> None:
    budget = [outcome(OURS, 1.5, protocol="budget"), outcome(REFERENCE, 2.0, protocol="budget")]
    (group,) = as_document(results_of(budget))
    assert (group["protocol"], group["runs"]) == ("budget", 5)
    ours = group["methods"][OURS]
    assert (ours["cost_hit"], ours["eff_mean"], ours["percent_below_ernest90"]) == (1.5, None, None)
    json.dumps(group, allow_nan=False)
