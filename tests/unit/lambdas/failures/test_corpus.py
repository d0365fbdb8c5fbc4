from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lambdas.failures.case import Case
from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.diagnose import diagnose

CORPUS = Path(__file__).parent / "corpus"

# The rules were written with the first half before the eyes; the second half only measures them.
HALVES = ("development", "held out")


@dataclass(frozen=True)
class Labelled:
    name: str
    half: str
    case: Case
    failure_class: FailureClass
    action: Action


@dataclass(frozen=True)
class Score:
    right: int
    said: int
    expected: int

    @property
    def precision(self) -> float:
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0


def read_corpus() -> list[Labelled]:
    return [
        labelled(entry, place, FailureClass(path.stem))
        for path in sorted(CORPUS.glob("*.yml"))
        for place, entry in enumerate(yaml.safe_load(path.read_text()))
    ]


def labelled(entry: dict[str, Any], place: int, failure_class: FailureClass) -> Labelled:
    case = Case(entry.get("cluster"), entry.get("step"), entry.get("log") or "")
    action = Action(entry.get("action", failure_class.action))
    return Labelled(entry["name"], HALVES[place % 2], case, failure_class, action)


LABELLED = read_corpus()


def scores(half: str) -> dict[FailureClass, Score]:
    pairs = [(each.failure_class, diagnose(each.case).failure_class) for each in LABELLED if each.half == half]
    return {
        failure_class: Score(
            sum(expected is said is failure_class for expected, said in pairs),
            sum(said is failure_class for _, said in pairs),
            sum(expected is failure_class for expected, _ in pairs),
        )
        for failure_class in FailureClass
    }


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("half", HALVES)
def test_precision_and_recall(half: str) -> None:
    by_class = scores(half)
    print(f"\n{half}: class, precision, recall, cases")
    for failure_class, score in by_class.items():
        print(f"  {failure_class:24} {score.precision:.2f} {score.recall:.2f} {score.expected:3}")
    assert mean([score.precision for score in by_class.values()]) >= 0.95
    assert mean([score.recall for score in by_class.values()]) >= 0.90
    assert not [failure_class for failure_class, score in by_class.items() if score.recall < 0.75]


@pytest.mark.parametrize("each", [each for each in LABELLED if each.half == HALVES[0]], ids=lambda each: each.name)
def test_development_half(each: Labelled) -> None:
    diagnosis = diagnose(each.case)
    assert (diagnosis.failure_class, diagnosis.action) == (each.failure_class, each.action), diagnosis


def test_corpus_is_large_enough() -> None:
    assert len(LABELLED) >= 80
    counts = [sum(each.failure_class is failure_class for each in LABELLED) for failure_class in FailureClass]
    assert min(counts) >= 4


def test_actions_of_what_was_recognised() -> None:
    wrong = [
        each.name
        for each in LABELLED
        if (found := diagnose(each.case)).failure_class is each.failure_class and found.action is not each.action
    ]
    assert wrong == []
