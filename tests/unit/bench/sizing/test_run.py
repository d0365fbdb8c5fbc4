from pathlib import Path

import pytest

from scripts.bench.sizing import run
from scripts.bench.sizing.methods import METHODS, ORACLE
from scripts.bench.sizing.run import Part, Source, judge_part
from scripts.sizing.request import Answer, Request
from tests.unit.bench.sizing.tiny import write


def part(folder: Path) -> Part:
    return Part(Source(write(folder), None), "0", "warm", "count|a|10", 1)


def test_every_method_is_asked_the_same(tmp_path: Path) -> None:
    outcomes = judge_part(part(tmp_path))
    assert {outcome.method for outcome in outcomes} == {*METHODS, ORACLE}
    asked = {
        method: [(each.limit, each.runs) for each in outcomes if each.method == method] for method in (*METHODS, ORACLE)
    }
    assert len({tuple(each) for each in asked.values()}) == 1
    assert all(outcome.problem is None for outcome in outcomes)


def test_oracle_knows(tmp_path: Path) -> None:
    found = [outcome for outcome in judge_part(part(tmp_path)) if outcome.method == ORACLE]
    assert all(outcome.verdict.hit and outcome.verdict.eff == 1 for outcome in found)
    assert all(outcome.predicted == outcome.seconds for outcome in found)


def nonsense(_: Request) -> Answer:
    return Answer(instance_type="z9.tiny", nodes=1, predicted_runtime_s=5)


def broken(_: Request) -> Answer:
    raise ZeroDivisionError


def sure(request: Request) -> Answer:
    chosen = request.candidates[0]
    return Answer(**chosen.model_dump(), predicted_runtime_s=500, predicted_interval_s=(400, 600))


def test_invalid_answers_count_as_the_most_expensive_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "METHODS", {"nonsense": nonsense, "broken": broken})
    found = [outcome for outcome in judge_part(part(tmp_path)) if outcome.method != ORACLE]
    assert {outcome.seconds for outcome in found} == {480}  # of the big cluster
    problems = {outcome.method: outcome.problem or "" for outcome in found}
    assert "none of the candidates" in problems["nonsense"]
    assert "ZeroDivisionError" in problems["broken"]
    assert all(outcome.predicted != outcome.predicted for outcome in found)  # NaN


def test_interval_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "METHODS", {"sure": sure})
    (first, *_) = judge_part(part(tmp_path))
    assert (first.predicted, first.low, first.high) == (500, 400, 600)
